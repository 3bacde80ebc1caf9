#include "write_rows.h"

#include <sys/uio.h>
#include <unistd.h>

#include "page_layout.h"
#include "root.h"

/* rows_read adds up here, out of readers' reach. Of the heaps only as many as there are. */
static struct rows_class classes[ROWS_CLASSES];
static struct rows_heap heaps[PAGE_HEAPS_MAX];
#define HEAPS_SPARE 4 /* may come to be between counting and reading */
#define TRIES       5 /* without a lock a list may change just as it is followed */

/* The rows of one walk that go to one section. */
struct section_writer {
    enum page_section_id id;
    uint32_t written, truncated, reached;
};

struct walk {
    struct page_file *file;
    uint32_t publication;
    uint64_t now;
    struct section_writer arenas, heaps;
};

/* The order that page.h promises. The sequence comes from the number of the publication, so that
 * nothing a reader may have written into the page matters here. */
static void write_row(struct page_row *row, const void *data, size_t bytes,
                      const struct walk *walk) {
    uint32_t sequence = walk->publication * 2;
    const uint64_t *from = data;
    _Atomic uint64_t *to = (_Atomic uint64_t *)(row + 1);
    atomic_store_explicit(&row->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&row->check, page_row_check(walk->now, from, bytes / 8),
                          memory_order_relaxed);
    atomic_store_explicit(&row->published, walk->now, memory_order_relaxed);
    for (size_t i = 0; i < bytes / 8; i++)
        atomic_store_explicit(&to[i], from[i], memory_order_relaxed);
    atomic_store_explicit(&row->sequence, sequence + 2, memory_order_release);
}

/* Where one row finds no room, those after it do not either. */
static bool has_room(struct walk *walk, struct section_writer *writer) {
    if (writer->truncated == 0 && writer->written >= writer->reached)
        writer->reached = page_file_reach(walk->file, writer->id, writer->written + 1);
    return writer->truncated == 0 && writer->written < writer->reached;
}

static void put_row(struct walk *walk, enum page_section_id id, uint32_t index, const void *data,
                    size_t bytes) {
    const struct page_layout *layout = &page_layout[id];
    write_row(page_file_row(walk->file, layout->offset, layout->stride, index), data, bytes, walk);
}

static void put_next(struct walk *walk, struct section_writer *writer, const void *data,
                     size_t bytes) {
    if (has_room(walk, writer))
        put_row(walk, writer->id, writer->written++, data, bytes);
    else
        writer->truncated++;
}

static bool put_arena(void *context, const struct rows_arena *row) {
    struct walk *walk = context;
    put_next(walk, &walk->arenas, row, sizeof *row);
    return true;
}

static bool put_heap(void *context, const struct rows_heap *row) {
    struct walk *walk = context;
    put_next(walk, &walk->heaps, row, sizeof *row);
    return true;
}

static void put_counts(struct walk *walk, enum page_section_id id, uint32_t count,
                       uint32_t truncated) {
    struct page_section *section = &walk->file->page->section[id];
    atomic_store_explicit(&section->count, count, memory_order_relaxed);
    atomic_store_explicit(&section->truncated, truncated, memory_order_relaxed);
}

static void put_rest(struct walk *walk, const struct rows_total *total, uint32_t class_count) {
    put_row(walk, PAGE_TOTALS, walk->publication & 1, total, sizeof *total);
    for (uint32_t i = 0; i < class_count; i++)
        put_row(walk, PAGE_CLASSES, i, &classes[i], sizeof classes[i]);
    put_counts(walk, PAGE_TOTALS, 2, 0);
    put_counts(walk, PAGE_CLASSES, class_count, 0);
    put_counts(walk, PAGE_HEAPS, walk->heaps.written, walk->heaps.truncated);
    put_counts(walk, PAGE_ARENAS, walk->arenas.written, walk->arenas.truncated);
}

static bool write_from(const struct rows_source *source, struct page_file *file,
                       uint32_t publication, uint64_t now) {
    struct walk walk = {.file = file,
                        .publication = publication,
                        .now = now,
                        .arenas.id = PAGE_ARENAS,
                        .heaps.id = PAGE_HEAPS};
    uint32_t heap_count =
        atomic_load_explicit(&libpool_root.heap_count, memory_order_relaxed) + HEAPS_SPARE;
    struct rows_visit visit = {
        .arena = put_arena, .heap = put_heap, .context = &walk, .classes = classes, .heaps = heaps};
    visit.heap_capacity = heap_count < PAGE_HEAPS_MAX ? heap_count : PAGE_HEAPS_MAX;
    struct rows_total total;
    if (!rows_read(source, &libpool_root, &total, &visit))
        return false;
    put_rest(&walk, &total, visit.class_count < ROWS_CLASSES ? visit.class_count : ROWS_CLASSES);
    return true;
}

bool write_rows(struct page_file *file, uint32_t publication, uint64_t now) {
    return write_from(&rows_self, file, publication, now);
}

/* Through the kernel, as from another process: where another thread has just unmapped what is to
 * be read, this fails and does no harm. */
static const void *read_unlocked(void *context, const void *at, size_t len, void *buf) {
    (void)context;
    struct iovec local = {buf, len}, remote = {(void *)(uintptr_t)at, len};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len ? buf : NULL;
}

bool write_last_rows(struct page_file *file, uint32_t publication, uint64_t now) {
    static struct rows_scratch scratch;
    const struct rows_source unlocked = {read_unlocked, NULL, &scratch};
    bool written = false;
    for (int try = 0; try < TRIES && !written; try++)
        written = write_from(&unlocked, file, publication, now);
    return written;
}
