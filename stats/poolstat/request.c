/* poolstat refresh PID, poolstat purge PID: asking the process for something. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../raw.h"
#include "commands.h"
#include "text.h"

#define LOOK_EVERY_US 2000

/* A ticket nobody used before: two askers at the same nanosecond would share an answer, which is
 * what both asked for or is noticed by the one who asked for something else. */
static uint64_t new_ticket(enum page_request what) {
    return boot_time() << PAGE_REQUEST_BITS | (uint64_t)what;
}

static bool await(struct page_header *page, uint64_t request, double seconds) {
    uint64_t end = boot_time() + (uint64_t)(seconds * 1e9);
    while (atomic_load_explicit(&page->answer, memory_order_acquire) != request) {
        if (boot_time() > end)
            return false;
        /* Somebody else's request has taken the place of ours before it was seen. */
        if (atomic_load(&page->request) != request && atomic_load(&page->answer) != request)
            atomic_store(&page->request, request);
        usleep(LOOK_EVERY_US);
    }
    return true;
}

static enum status ask(struct target *target, int fd, enum page_request what, double seconds,
                       struct reason *reason) {
    struct stat st;
    struct snapshot before = {0};
    enum status status = snapshot_from_page(&before, fd, reason);
    snapshot_clear(&before);
    if (status != STATUS_OK && status != STATUS_NO_PAGE)
        return status;
    if (fstat(fd, &st) != 0 || (size_t)st.st_size < sizeof(struct page_header))
        return reason_give(reason, STATUS_DAMAGED, "its page is cut off");
    struct page_header *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return reason_give(reason, STATUS_FAILED, "mapping its page: %s", strerror(errno));
    uint64_t request = new_ticket(what);
    atomic_store_explicit(&page->request, request, memory_order_release);
    bool answered = await(page, request, seconds);
    munmap(page, sizeof *page);
    if (answered)
        return STATUS_OK;
    return reason_give(reason, STATUS_NO_ANSWER,
                       "process %d (%s) did not come by within %g s: it is idle or allocates "
                       "little. The request stays until it does; --wait SECONDS waits longer",
                       (int)target->process.pid, target->process.name, seconds);
}

static void print_purge(pid_t pid, uint64_t before) {
    uint64_t after;
    bool exact;
    char a[TEXT_MAX], b[TEXT_MAX];
    if (before == 0 || !process_resident(pid, &after, &exact))
        return;
    printf("%d: RSS %s before, %s after\n", (int)pid, text_bytes(a, (int64_t)before),
           text_bytes(b, (int64_t)after));
}

int command_request(const struct settings *settings, pid_t pid, enum page_request what) {
    struct target target = {0};
    struct reason reason = {0};
    enum status status;
    uint64_t before = 0;
    bool exact;
    if (!process_look(&target.process, pid)) {
        status = reason_give(&reason, STATUS_NO_PROCESS, "there is no process %d", (int)pid);
        return complain(status, &reason);
    }
    target.alive = true;
    int fd = target_open_page(&target, O_RDWR, &status, &reason);
    if (fd < 0)
        return complain(status, &reason);
    process_resident(pid, &before, &exact);
    status = ask(&target, fd, what, settings->wait, &reason);
    close(fd);
    if (status != STATUS_OK)
        return complain(status, &reason);
    if (what == PAGE_REQUEST_PURGE)
        print_purge(pid, before);
    else
        printf("%d: published just now\n", (int)pid);
    return STATUS_OK;
}
