#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The best page found so far among the files that carry the process's number. */
struct search {
    const struct target *target;
    int flags, fd, error;
    bool held, foreign; /* held: by a living writer */
    uint64_t published;
    char name[PAGE_NAME_MAX];
};

/* Root may have made the page before the process gave up its rights; nobody else may plant one. */
static bool is_trusted(const struct search *search, const struct stat *st) {
    return S_ISREG(st->st_mode) &&
           (!search->target->alive || st->st_uid == search->target->process.uid || st->st_uid == 0);
}

static bool is_held(int fd) {
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (!held)
        flock(fd, LOCK_UN);
    return held;
}

static void consider(struct search *search, int directory, const char *name) {
    struct stat st;
    struct page_header header = {0};
    int fd = openat(directory, name, search->flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        search->error = errno;
        return;
    }
    if (fstat(fd, &st) != 0 || !is_trusted(search, &st)) {
        search->foreign = true;
        close(fd);
        return;
    }
    bool held = st.st_size > 0 && is_held(fd);
    if (pread(fd, &header, sizeof header, 0) < (ssize_t)sizeof header)
        header.published = 0;
    if (search->fd >= 0 &&
        (search->held > held || (search->held == held && search->published > header.published))) {
        close(fd);
        return;
    }
    if (search->fd >= 0)
        close(search->fd);
    search->fd = fd;
    search->held = held;
    search->published = header.published;
    snprintf(search->name, sizeof search->name, "%.79s", name);
}

static void search_directory(struct search *search, const char *path) {
    char prefix[64];
    int n =
        snprintf(prefix, sizeof prefix, PAGE_PREFIX "%d.", (int)search->target->process.inner_pid);
    DIR *directory = opendir(path);
    if (!directory)
        return;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (strncmp(entry->d_name, prefix, (size_t)n) == 0)
            consider(search, dirfd(directory), entry->d_name);
    closedir(directory);
}

static enum status explain_missing(const struct search *search, struct reason *reason) {
    const struct process *process = &search->target->process;
    int pid = (int)process->pid;
    if (search->error == EACCES || search->error == EPERM)
        return reason_give(reason, STATUS_DENIED,
                           "process %d belongs to another user (uid %u); run poolstat as that user "
                           "or as root",
                           pid, process->uid);
    if (search->error != 0)
        return reason_give(reason, STATUS_FAILED, "the page of process %d: %s", pid,
                           strerror(search->error));
    if (!search->target->alive || process->zombie)
        return reason_give(reason, STATUS_NO_PROCESS,
                           "there is no process %d, nor a page that it left; `poolstat` alone "
                           "lists what there is",
                           pid);
    if (search->foreign)
        return reason_give(reason, STATUS_NO_PAGE,
                           "the file in " PAGE_DIRECTORY " that bears the name of process %d's "
                           "page is not its own and was ignored",
                           pid);
    return reason_give(reason, STATUS_NO_PAGE,
                       "process %d has no page (yet): it gets one once it is old enough and "
                       "allocates, unless POOL_CONF says stats:no or " PAGE_DIRECTORY " is full",
                       pid);
}

int target_open_page(struct target *target, int flags, enum status *status, struct reason *reason) {
    struct search search = {.target = target, .flags = flags, .fd = -1};
    char directory[64] = PAGE_DIRECTORY;
    if (target->alive)
        snprintf(directory, sizeof directory, "/proc/%d/root" PAGE_DIRECTORY,
                 (int)target->process.pid);
    if (access(directory, R_OK) != 0)
        snprintf(directory, sizeof directory, PAGE_DIRECTORY);
    search_directory(&search, directory);
    /* Nobody holds it, yet there is a process of that number: what an earlier one left, or the
     * same one before it replaced its program. */
    if (search.fd >= 0 && target->alive && !search.held && !target->process.zombie) {
        close(search.fd);
        search.fd = -1;
        *status = reason_give(reason, STATUS_NOT_POOL,
                              "process %d (%s) does not run under libpool; an earlier program "
                              "with its number left a page (`poolstat clear` removes it)",
                              (int)target->process.pid, target->process.name);
        return -1;
    }
    if (search.fd < 0) {
        *status = explain_missing(&search, reason);
        return -1;
    }
    snprintf(target->page, sizeof target->page, "%s/%s", directory, search.name);
    *status = STATUS_OK;
    return search.fd;
}

static enum status read_page(struct target *target, struct reason *reason) {
    enum status status;
    int fd = target_open_page(target, O_RDONLY, &status, reason);
    if (fd < 0)
        return status;
    struct reason what;
    status = snapshot_from_page(&target->snapshot, fd, &what);
    close(fd);
    if (status == STATUS_NO_PAGE && (!target->alive || target->process.zombie))
        return reason_give(reason, STATUS_DAMAGED,
                           "process %d has ended, and its page was never finished; remove it with "
                           "`poolstat clear`",
                           (int)target->process.pid);
    if (status != STATUS_OK)
        return reason_give(reason, status, "process %d (%s): %.350s", (int)target->process.pid,
                           target->process.name, what.text);
    snapshot_cross_check(&target->snapshot);
    if (target->snapshot.pid != target->process.inner_pid) {
        reason_give(reason, STATUS_DAMAGED,
                    "process %d: its page is damaged (it names process %d); remove it with "
                    "`poolstat clear`",
                    (int)target->process.pid, target->snapshot.pid);
        snapshot_clear(&target->snapshot);
        return STATUS_DAMAGED;
    }
    if (target->alive && !target->process.zombie)
        return STATUS_OK;
    process_set_name(&target->process, target->snapshot.exe);
    return STATUS_ENDED;
}

static enum status read_memory(struct target *target, struct reason *reason) {
    uint64_t root;
    if (!target->process.map_readable)
        return reason_give(reason, STATUS_DENIED,
                           "looking into process %d (%s) is not permitted; run poolstat as its "
                           "user (uid %u) or as root",
                           (int)target->process.pid, target->process.name, target->process.uid);
    enum status status = process_find_root(&target->process, &root, reason);
    if (status != STATUS_OK)
        return status;
    return snapshot_from_memory(&target->snapshot, target->process.pid, root, reason);
}

static enum status read_living(struct target *target, enum view view, struct reason *reason) {
    if (view == VIEW_PAGE) {
        reason_give(&target->not_exact, STATUS_OK, "as asked with --page");
        return read_page(target, reason);
    }
    process_look_at_map(&target->process);
    enum status exact = read_memory(target, &target->not_exact);
    if (exact != STATUS_OK && exact != STATUS_NOT_POOL && view == VIEW_BEST) {
        enum status status = read_page(target, reason);
        /* Without a page, why its memory cannot be read says more, unless its map told that it
         * does run under libpool: then it is the page that is missing. */
        if (status != STATUS_NO_PAGE || (exact == STATUS_DENIED && target->process.map_readable))
            return status;
    }
    *reason = target->not_exact;
    return exact;
}

enum status target_read(struct target *target, pid_t pid, enum view view, struct reason *reason) {
    memset(target, 0, sizeof *target);
    target->alive = process_look(&target->process, pid);
    target->process.pid = pid;
    if (target->alive && !target->process.zombie)
        return read_living(target, view, reason);
    target->process.inner_pid = target->alive ? target->process.inner_pid : pid;
    if (view == VIEW_EXACT)
        return reason_give(reason, STATUS_NO_PROCESS,
                           "there is no process %d to read exactly; without --exact, its last "
                           "page is shown if it left one",
                           (int)pid);
    return read_page(target, reason);
}

void target_clear(struct target *target) {
    snapshot_clear(&target->snapshot);
}
