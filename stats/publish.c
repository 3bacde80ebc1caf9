#include "publish.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "page_file.h"
#include "page_layout.h"
#include "pool.h"
#include "raw.h"
#include "root.h"

#define COST_FACTOR         200  /* publishing takes at most 1/200 of the time */
#define REQUEST_INTERVAL_MS 20   /* readers who keep asking get no more often served */
#define RETRY_MS            1000 /* after failing to make a page; doubles up to 2^10 of it */
#define EXIT_WAIT_MS        20

struct publish_conf publish_conf = {
    .enabled = true,
    .after_ms = 100,
    .interval_ms = 50,
    .keep_pid = 0,
};

/* Everything but `busy` and the atomics belongs to whoever set `busy`. */
static struct {
    _Atomic int busy;
    _Atomic uint64_t next_ms; /* nothing to do before, but look at the request box */
    _Atomic bool has_page;
    int pid; /* of the process that all this belongs to */
    uint64_t started_ms;
    uint64_t request_ms;
    uint64_t served;
    uint32_t publications;
    unsigned failures;
    const char *exe;
    struct page_file file;
} publisher;

/* rows_read adds up here, out of readers' reach. Of the heaps only as many as there are. */
static struct rows_class classes[ROWS_CLASSES];
static struct rows_heap heaps[PAGE_HEAPS_MAX];
#define HEAPS_SPARE 4 /* may come to be between counting and reading */

static uint64_t coarse_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The order that page.h promises. The sequence comes from the number of the publication, so that
 * nothing a reader may have written into the page matters here. */
static void write_row(struct page_row *row, const void *data, size_t bytes, uint64_t now) {
    uint32_t sequence = publisher.publications * 2;
    const uint64_t *from = data;
    _Atomic uint64_t *to = (_Atomic uint64_t *)(row + 1);
    atomic_store_explicit(&row->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&row->check, page_row_check(now, from, bytes / 8), memory_order_relaxed);
    atomic_store_explicit(&row->published, now, memory_order_relaxed);
    for (size_t i = 0; i < bytes / 8; i++)
        atomic_store_explicit(&to[i], from[i], memory_order_relaxed);
    atomic_store_explicit(&row->sequence, sequence + 2, memory_order_release);
}

/* The rows of one walk that go to one section. */
struct section_writer {
    enum page_section_id id;
    uint32_t written, truncated, reached;
};

struct walk {
    uint64_t now;
    struct section_writer arenas, heaps;
};

static void put_row(struct section_writer *writer, const void *data, size_t bytes, uint64_t now) {
    const struct page_layout *layout = &page_layout[writer->id];
    if (writer->truncated || writer->written >= writer->reached) {
        writer->reached = page_file_reach(&publisher.file, writer->id, writer->written + 1);
        if (writer->written >= writer->reached) {
            writer->truncated++;
            return;
        }
    }
    struct page_row *row =
        page_file_row(&publisher.file, layout->offset, layout->stride, writer->written);
    write_row(row, data, bytes, now);
    writer->written++;
}

static bool put_arena(void *context, const struct rows_arena *row) {
    struct walk *walk = context;
    put_row(&walk->arenas, row, sizeof *row, walk->now);
    return true;
}

static bool put_heap(void *context, const struct rows_heap *row) {
    struct walk *walk = context;
    put_row(&walk->heaps, row, sizeof *row, walk->now);
    return true;
}

static void put_counts(enum page_section_id id, uint32_t count, uint32_t truncated) {
    struct page_section *section = &publisher.file.page->section[id];
    atomic_store_explicit(&section->count, count, memory_order_relaxed);
    atomic_store_explicit(&section->truncated, truncated, memory_order_relaxed);
}

static void put_fixed(const struct rows_total *total, uint32_t class_count, uint64_t now) {
    const struct page_layout *layout = &page_layout[PAGE_TOTALS];
    write_row(
        page_file_row(&publisher.file, layout->offset, layout->stride, publisher.publications & 1),
        total, sizeof *total, now);
    layout = &page_layout[PAGE_CLASSES];
    for (uint32_t i = 0; i < class_count; i++)
        write_row(page_file_row(&publisher.file, layout->offset, layout->stride, i), &classes[i],
                  sizeof classes[i], now);
}

static bool put_walk(uint64_t now) {
    struct walk walk = {.now = now, .arenas.id = PAGE_ARENAS, .heaps.id = PAGE_HEAPS};
    uint32_t heap_count =
        atomic_load_explicit(&libpool_root.heap_count, memory_order_relaxed) + HEAPS_SPARE;
    struct rows_visit visit = {.arena = put_arena,
                               .heap = put_heap,
                               .context = &walk,
                               .classes = classes,
                               .heaps = heaps,
                               .heap_capacity =
                                   heap_count < PAGE_HEAPS_MAX ? heap_count : PAGE_HEAPS_MAX};
    struct rows_total total;
    if (!rows_read(&rows_self, &libpool_root, &total, &visit))
        return false;
    uint32_t class_count = visit.class_count < ROWS_CLASSES ? visit.class_count : ROWS_CLASSES;
    put_fixed(&total, class_count, now);
    put_counts(PAGE_TOTALS, 2, 0);
    put_counts(PAGE_CLASSES, class_count, 0);
    put_counts(PAGE_HEAPS, walk.heaps.written, walk.heaps.truncated);
    put_counts(PAGE_ARENAS, walk.arenas.written, walk.arenas.truncated);
    return true;
}

static void publish(uint64_t now_ms) {
    uint64_t begin = boot_time();
    publisher.publications++;
    atomic_store_explicit(&publisher.file.page->generation, publisher.publications * 2 + 1,
                          memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    bool walked = put_walk(begin);
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
    publish(now_ms);
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
            publish(now_ms);
    } else {
        serve_request(now_ms);
        if (now_ms >= atomic_load_explicit(&publisher.next_ms, memory_order_relaxed))
            publish(now_ms);
    }
}

static bool enter(void) {
    return atomic_exchange_explicit(&publisher.busy, 1, memory_order_acquire) == 0;
}

static void leave(void) {
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
    if (!enter())
        return;
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
    publish(now_ms);
    atomic_store_explicit(&publisher.file.page->state, PAGE_ENDED, memory_order_release);
}

/* In the child of a vfork these are its parent's variables: hands off.
 * `busy` stays set, so that nothing is published after this. Another thread that is publishing
 * just now is given some time; the file can be removed under it. */
void publish_exit(void) {
    if (publisher.pid != getpid())
        return;
    int saved = errno;
    uint64_t give_up = coarse_ms() + EXIT_WAIT_MS;
    bool entered = enter();
    while (!entered && coarse_ms() < give_up)
        entered = enter();
    if (entered)
        finish(coarse_ms());
    else if (publisher.file.page)
        page_file_remove(&publisher.file);
    errno = saved;
}

/* The mapping was not inherited (MADV_DONTFORK); another thread of the parent may have been at it
 * when the fork came, hence `busy`. */
void publish_fork_child(void) {
    memset(&publisher.file, 0, sizeof publisher.file);
    publisher.failures = 0;
    publisher.pid = getpid();
    publisher.started_ms = coarse_ms();
    atomic_store_explicit(&publisher.has_page, false, memory_order_relaxed);
    atomic_store_explicit(&publisher.next_ms, 0, memory_order_relaxed);
    leave();
}
