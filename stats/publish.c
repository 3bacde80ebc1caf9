#include "publish.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "page_file.h"
#include "pool.h"
#include "raw.h"
#include "write_rows.h"

#define COST_FACTOR         200  /* publishing takes at most 1/200 of the time */
#define REQUEST_INTERVAL_MS 20   /* readers who keep asking get no more often served */
#define RETRY_MS            1000 /* after failing to make a page; doubles up to 2^10 of it */
#define EXIT_WAIT_MS        20
#define CLOSED              1 /* value of `busy` after the exit: nothing is published any more */

struct publish_conf publish_conf = {
    .enabled = true,
    .after_ms = 100,
    .interval_ms = 50,
    .keep_pid = 0,
};

/* Everything but `busy` and the atomics belongs to whoever set `busy`. */
static struct {
    _Atomic uintptr_t busy;   /* 0, this_thread() of who is at it, or CLOSED */
    _Atomic uint64_t next_ms; /* nothing to do before, but look at the request box */
    _Atomic uint64_t seen_ms; /* the request box was looked at then */
    _Atomic bool has_page;
    int pid;     /* of the process that all this belongs to */
    bool forked; /* in a signal handler, in the middle of publishing: file is the parent's */
    uint64_t started_ms;
    uint64_t request_ms;
    uint64_t served;
    uint32_t publications;
    unsigned failures;
    const char *exe;
    struct page_file file;
} publisher;

static uint64_t coarse_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

typedef bool write_function(struct page_file *file, uint32_t publication, uint64_t now);

static void publish(uint64_t now_ms, write_function *write) {
    uint64_t begin = boot_time();
    publisher.publications++;
    atomic_store_explicit(&publisher.file.page->generation, publisher.publications * 2 + 1,
                          memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    bool walked = write(&publisher.file, publisher.publications, begin);
    /* Growing may have moved the page. */
    struct page_header *page = publisher.file.page;
    uint64_t cost = boot_time() - begin;
    uint64_t interval = (uint64_t)publish_conf.interval_ms * 1000000;
    if (interval < cost * COST_FACTOR)
        interval = cost * COST_FACTOR;
    if (walked)
        atomic_store_explicit(&page->published, begin, memory_order_relaxed);
    atomic_store_explicit(&page->cost, cost, memory_order_relaxed);
    atomic_store_explicit(&page->interval, interval, memory_order_relaxed);
    atomic_store_explicit(&page->generation, publisher.publications * 2 + 2, memory_order_release);
    atomic_store_explicit(&publisher.next_ms, now_ms + interval / 1000000, memory_order_relaxed);
}

static bool create(uint64_t now_ms) {
    if (page_file_create(&publisher.file, publisher.exe)) {
        publisher.publications = 0;
        publisher.served = 0;
        atomic_store_explicit(&publisher.has_page, true, memory_order_relaxed);
        return true;
    }
    publisher.file.page = NULL;
    unsigned doublings = publisher.failures < 10 ? publisher.failures : 10;
    publisher.failures++;
    atomic_store_explicit(&publisher.next_ms, now_ms + ((uint64_t)RETRY_MS << doublings),
                          memory_order_relaxed);
    return false;
}

static void serve_request(uint64_t now_ms) {
    uint64_t request = atomic_load_explicit(&publisher.file.page->request, memory_order_acquire);
    if (request == publisher.served || now_ms - publisher.request_ms < REQUEST_INTERVAL_MS)
        return;
    publisher.served = request;
    publisher.request_ms = now_ms;
    unsigned what = request & ((1u << PAGE_REQUEST_BITS) - 1);
    if (what != PAGE_REQUEST_REFRESH && what != PAGE_REQUEST_PURGE)
        return;
    if (what == PAGE_REQUEST_PURGE)
        pool_trim(0);
    publish(now_ms, write_rows);
    struct page_header *page = publisher.file.page;
    atomic_store_explicit(&page->answered, boot_time(), memory_order_relaxed);
    atomic_store_explicit(&page->answer, request, memory_order_release);
}

/* A child made without the fork handlers has the parent's variables, but not the mapping. */
static void tick(uint64_t now_ms) {
    if (publisher.pid != getpid())
        return;
    bool due = now_ms >= atomic_load_explicit(&publisher.next_ms, memory_order_relaxed);
    if (!publisher.file.page) {
        if (due && create(now_ms))
            publish(now_ms, write_rows);
    } else {
        serve_request(now_ms);
        if (now_ms >= atomic_load_explicit(&publisher.next_ms, memory_order_relaxed))
            publish(now_ms, write_rows);
    }
}

static uintptr_t this_thread(void) {
    return (uintptr_t)&errno;
}

static bool enter(void) {
    uintptr_t nobody = 0;
    return atomic_compare_exchange_strong_explicit(&publisher.busy, &nobody, this_thread(),
                                                   memory_order_acquire, memory_order_relaxed);
}

static void forget_page(void) {
    memset(&publisher.file, 0, sizeof publisher.file);
    publisher.failures = 0;
    atomic_store_explicit(&publisher.has_page, false, memory_order_relaxed);
    atomic_store_explicit(&publisher.next_ms, 0, memory_order_relaxed);
}

static void leave(void) {
    if (publisher.forked) {
        if (publisher.file.page)
            munmap(publisher.file.page, publisher.file.mapped);
        forget_page();
        publisher.forked = false;
    }
    atomic_store_explicit(&publisher.busy, 0, memory_order_release);
}

void publish_start(const char *exe) {
    publisher.exe = exe;
    publisher.pid = getpid();
    publisher.started_ms = coarse_ms();
}

void publish_tick(uint64_t now_ms) {
    if (!publish_conf.enabled)
        return;
    if (!atomic_load_explicit(&publisher.has_page, memory_order_relaxed) &&
        (now_ms < publisher.started_ms + publish_conf.after_ms ||
         now_ms < atomic_load_explicit(&publisher.next_ms, memory_order_relaxed)))
        return;
    /* Once for each time that the clock moves: threads at work come here far more often. */
    if (now_ms == atomic_load_explicit(&publisher.seen_ms, memory_order_relaxed) || !enter())
        return;
    atomic_store_explicit(&publisher.seen_ms, now_ms, memory_order_relaxed);
    int saved = errno;
    tick(now_ms);
    errno = saved;
    leave();
}

static void finish(uint64_t now_ms) {
    bool keep = publish_conf.enabled && publish_conf.keep_pid == getpid();
    if (keep && !publisher.file.page)
        create(now_ms);
    if (!publisher.file.page)
        return;
    if (!keep) {
        page_file_remove(&publisher.file);
        return;
    }
    publish(now_ms, write_last_rows);
    atomic_store_explicit(&publisher.file.page->state, PAGE_ENDED, memory_order_release);
}

/* Waits for another thread that is publishing just now, but not for this one, which may have
 * been interrupted by the signal whose handler ends the process. */
static bool enter_soon(void) {
    uint64_t give_up = coarse_ms() + EXIT_WAIT_MS;
    bool entered = enter();
    while (!entered && coarse_ms() < give_up &&
           atomic_load_explicit(&publisher.busy, memory_order_relaxed) != this_thread())
        entered = enter();
    return entered;
}

/* In the child of a vfork these are its parent's variables, and in one that was forked in the
 * middle of publishing the file is the parent's: hands off. The file can be removed under a thread
 * that is still publishing. */
void publish_exit(void) {
    if (publisher.pid != getpid())
        return;
    int saved = errno;
    bool entered = enter_soon();
    if (entered) {
        finish(coarse_ms());
        atomic_store_explicit(&publisher.busy, CLOSED, memory_order_release);
    } else {
        publish_conf.enabled = false;
        if (publisher.file.page && !publisher.forked)
            page_file_remove(&publisher.file);
    }
    errno = saved;
}

/* The mapping was not inherited (MADV_DONTFORK). Whoever published when the fork came is gone,
 * unless it was this thread, which forked in a signal handler and will go on where it was: then
 * it shall find memory there, and leave() ends it. */
void publish_fork_child(void) {
    int saved = errno;
    publisher.pid = getpid();
    publisher.started_ms = coarse_ms();
    if (atomic_load_explicit(&publisher.busy, memory_order_relaxed) == this_thread()) {
        publisher.forked = true;
        if (publisher.file.page)
            mmap(publisher.file.page, publisher.file.mapped, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    } else {
        forget_page();
        leave();
    }
    errno = saved;
}
