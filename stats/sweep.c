#include "sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "page.h"
#include "raw.h"

#define KEPT_NS     (600u * 1000000000ull)
#define KEPT_COUNT  16
#define UNBORN_S    60   /* a page without a header that long will never get one */
#define ENTRIES_MAX 4096 /* of the directory: what one pass looks at */

struct entry { /* struct linux_dirent64, which no header declares */
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

struct sweep {
    int directory;
    enum sweep_mode mode;
    int seen, kept, removed;
};

/* The number after the prefix; 0 for names that are no page's. */
static int pid_of_name(const char *name) {
    if (strncmp(name, PAGE_PREFIX, sizeof PAGE_PREFIX - 1) != 0)
        return 0;
    long pid = 0;
    for (name += sizeof PAGE_PREFIX - 1; *name >= '0' && *name <= '9' && pid < 1 << 24; name++)
        pid = pid * 10 + (*name - '0');
    return *name == '.' ? (int)pid : 0;
}

static bool expired(int fd, const struct stat *st) {
    struct page_header header;
    ptrdiff_t n = raw_read(fd, &header, sizeof header, 0);
    if (n != sizeof header || header.magic != PAGE_MAGIC) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        return now.tv_sec - st->st_mtim.tv_sec > UNBORN_S;
    }
    uint64_t last = header.published ? header.published : header.created;
    return boot_time() - last > KEPT_NS;
}

static void look_at(struct sweep *sweep, const char *name) {
    int pid = pid_of_name(name);
    /* In another PID namespace the number means nothing; the lock below decides there. A number
     * in use may be another process's by now, or the same one's that replaced its program: worth
     * opening the file only for who asks for all. */
    if (pid <= 0 || (sweep->mode == SWEEP_OLD && (kill(pid, 0) == 0 || errno != ESRCH)))
        return;
    int fd = raw_open(sweep->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    struct stat st;
    uid_t me = geteuid();
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (st.st_uid == me || (me == 0 && sweep->mode == SWEEP_ALL)) &&
        flock(fd, LOCK_SH | LOCK_NB) == 0) {
        bool unwanted = sweep->mode == SWEEP_ALL || sweep->kept >= KEPT_COUNT;
        if ((unwanted || expired(fd, &st)) && unlinkat(sweep->directory, name, 0) == 0)
            sweep->removed++;
        else
            sweep->kept++;
    }
    raw_close(fd);
}

int sweep_leftovers(const char *directory, enum sweep_mode mode) {
    struct sweep sweep = {.mode = mode};
    alignas(struct entry) char buffer[1024];
    sweep.directory = raw_open(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
    if (sweep.directory < 0)
        return -1;
    long n;
    while (sweep.seen < ENTRIES_MAX &&
           (n = syscall(SYS_getdents64, sweep.directory, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < n; sweep.seen++) {
            const struct entry *entry = (const struct entry *)(buffer + at);
            look_at(&sweep, entry->name);
            at += entry->length;
        }
    }
    raw_close(sweep.directory);
    return sweep.removed;
}
