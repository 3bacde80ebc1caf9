/* Page -> snapshot. Everything in the page is suspect: it may be cut off, damaged, or written
 * while it is read. It is read with pread, since a mapping of a file that shrinks is fatal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot.h"

#define MOMENT_TRIES 20 /* for all rows of one publication */
#define ROW_TRIES    20 /* for each row by itself */

struct reading {
    int fd;
    struct page_header header;
    struct reason *reason;
};

static bool read_exactly(int fd, void *buffer, size_t bytes, uint64_t at) {
    char *to = buffer;
    while (bytes > 0) {
        ssize_t n = pread(fd, to, bytes, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        at += (uint64_t)n;
        bytes -= (size_t)n;
    }
    return true;
}

static enum status damaged(struct reading *reading, const char *what) {
    return reason_give(reading->reason, STATUS_DAMAGED,
                       "its page is damaged (%s); remove it with `poolstat clear`, or, while the "
                       "process runs, read its memory with --exact",
                       what);
}

static const uint32_t row_bytes[PAGE_SECTIONS] = {
    [PAGE_TOTALS] = PAGE_STRIDE(struct rows_total),
    [PAGE_CLASSES] = PAGE_STRIDE(struct rows_class),
    [PAGE_HEAPS] = PAGE_STRIDE(struct rows_heap),
    [PAGE_ARENAS] = PAGE_STRIDE(struct rows_arena),
};
static const uint32_t most_rows[PAGE_SECTIONS] = {2, ROWS_CLASSES, PAGE_HEAPS_MAX, PAGE_ARENAS_MAX};

static const char *section_fault(const struct page_header *header, uint32_t id) {
    const struct page_section *section = &header->section[id];
    if (section->id != id || section->stride != row_bytes[id] || section->offset % 8 != 0 ||
        section->offset < sizeof *header)
        return "its table of sections";
    if (section->capacity > most_rows[id] ||
        section->offset + (uint64_t)section->capacity * section->stride > header->file_bytes)
        return "a section beyond its end";
    if (section->count > section->capacity)
        return "a section with more rows than fit";
    return NULL;
}

static enum status read_header(struct reading *reading) {
    struct page_header *header = &reading->header;
    struct stat st;
    if (fstat(reading->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return damaged(reading, "it is no regular file");
    if (st.st_size == 0)
        return reason_give(reading->reason, STATUS_NO_PAGE,
                           "its page is just being made; try again in a moment");
    if (!read_exactly(reading->fd, header, sizeof *header, 0))
        return damaged(reading, "it is cut off");
    if (header->magic == 0)
        return reason_give(reading->reason, STATUS_NO_PAGE,
                           "its page is just being made; try again in a moment");
    if (header->magic != PAGE_MAGIC)
        return damaged(reading, "it does not begin as a page does");
    if (header->version != PAGE_VERSION || header->rows_version != ROWS_VERSION)
        return reason_give(reading->reason, STATUS_VERSION,
                           "its page is of version %u.%u, this poolstat reads %u.%u; use the "
                           "poolstat that came with that process's libpool.so",
                           header->version, header->rows_version, PAGE_VERSION, ROWS_VERSION);
    if (header->header_bytes != sizeof *header || header->section_count != PAGE_SECTIONS ||
        header->check != page_header_check(header))
        return damaged(reading, "its header");
    if (header->pid <= 0 || memchr(header->exe, 0, sizeof header->exe) == NULL)
        return damaged(reading, "its header");
    if (header->file_bytes > (uint64_t)st.st_size)
        return damaged(reading, "it is cut off");
    for (uint32_t id = 0; id < PAGE_SECTIONS; id++) {
        const char *fault = section_fault(header, id);
        if (fault)
            return damaged(reading, fault);
    }
    return STATUS_OK;
}

/* The rows of a section as they come to be known. */
struct section_rows {
    uint32_t count, missing, stride;
    uint64_t at;
    char *copy[3];
    char *whole; /* rows found whole, the others zero */
    bool *known;
};

static void free_rows(struct section_rows *rows) {
    for (int i = 0; i < 3; i++)
        free(rows->copy[i]);
    free(rows->whole);
    free(rows->known);
}

static bool make_rows(struct section_rows *rows, const struct page_section *section) {
    memset(rows, 0, sizeof *rows);
    rows->count = rows->missing = section->count;
    rows->stride = section->stride;
    rows->at = section->offset;
    size_t n = rows->count ? rows->count : 1;
    bool made = (rows->known = calloc(n, sizeof *rows->known)) != NULL;
    made &= (rows->whole = calloc(n, rows->stride)) != NULL;
    for (int i = 0; i < 3; i++)
        made &= (rows->copy[i] = calloc(n, rows->stride)) != NULL;
    if (!made)
        free_rows(rows);
    return made;
}

/* Three copies, one after the other: a row whose sequence is the same and even in the first and
 * the third was not being written while the second was made. */
static bool row_is_whole(const struct section_rows *rows, uint32_t i) {
    const struct page_row *before = (const void *)(rows->copy[0] + (size_t)i * rows->stride);
    const struct page_row *row = (const void *)(rows->copy[1] + (size_t)i * rows->stride);
    const struct page_row *after = (const void *)(rows->copy[2] + (size_t)i * rows->stride);
    uint32_t sequence = before->sequence;
    return sequence != 0 && sequence % 2 == 0 && sequence == after->sequence &&
           row->check == page_row_check(row->published, (const uint64_t *)(row + 1),
                                        (rows->stride - sizeof *row) / 8);
}

static bool read_rows(int fd, struct section_rows *rows) {
    size_t bytes = (size_t)rows->count * rows->stride;
    for (int try = 0; try < ROW_TRIES && rows->missing > 0; try++) {
        for (int i = 0; i < 3; i++) {
            if (!read_exactly(fd, rows->copy[i], bytes, rows->at))
                return false;
            atomic_thread_fence(memory_order_acquire);
        }
        for (uint32_t i = 0; i < rows->count; i++) {
            if (rows->known[i] || !row_is_whole(rows, i))
                continue;
            size_t at = (size_t)i * rows->stride;
            memcpy(rows->whole + at, rows->copy[1] + at, rows->stride);
            rows->known[i] = true;
            rows->missing--;
        }
    }
    return true;
}

/* The known rows without their heads, side by side, into `out`. Returns how many. */
static uint32_t pack_rows(const struct section_rows *rows, void *out) {
    size_t bytes = rows->stride - sizeof(struct page_row);
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows->count; i++)
        if (rows->known[i])
            memcpy((char *)out + bytes * n++,
                   rows->whole + (size_t)i * rows->stride + sizeof(struct page_row), bytes);
    return n;
}

/* Two rows written in turn: the later of those that are whole. */
static bool take_total(struct snapshot *snapshot, const struct section_rows *rows) {
    snapshot->taken = 0;
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct page_row *row = (const void *)(rows->whole + (size_t)i * rows->stride);
        if (!rows->known[i] || row->published < snapshot->taken)
            continue;
        snapshot->taken = row->published;
        memcpy(&snapshot->total, row + 1, sizeof snapshot->total);
    }
    return snapshot->taken != 0;
}

static bool take_section(struct snapshot *snapshot, struct section_rows *rows, uint32_t id) {
    snapshot->rows_lost += id == PAGE_TOTALS ? 0 : rows->missing;
    switch (id) {
    case PAGE_TOTALS:
        return take_total(snapshot, rows);
    case PAGE_CLASSES: /* a class is known by its place, so a lost row leaves a gap of zeros */
        for (uint32_t i = 0; i < rows->count; i++)
            memcpy(&snapshot->classes[i],
                   rows->whole + (size_t)i * rows->stride + sizeof(struct page_row),
                   sizeof snapshot->classes[i]);
        snapshot->class_count = rows->count;
        return true;
    case PAGE_HEAPS:
        snapshot->heaps = calloc(rows->count + 1, sizeof *snapshot->heaps);
        snapshot->heap_count = snapshot->heaps ? pack_rows(rows, snapshot->heaps) : 0;
        return snapshot->heaps != NULL;
    default:
        snapshot->arenas = calloc(rows->count + 1, sizeof *snapshot->arenas);
        snapshot->arena_count = snapshot->arenas ? pack_rows(rows, snapshot->arenas) : 0;
        return snapshot->arenas != NULL;
    }
}

static enum status read_sections(struct reading *reading, struct snapshot *snapshot) {
    for (uint32_t id = 0; id < PAGE_SECTIONS; id++) {
        struct section_rows rows;
        if (!make_rows(&rows, &reading->header.section[id]))
            return reason_give(reading->reason, STATUS_FAILED, "out of memory");
        bool read = read_rows(reading->fd, &rows);
        bool taken = read && take_section(snapshot, &rows, id);
        free_rows(&rows);
        if (!read)
            return damaged(reading, "it is cut off");
        if (!taken && id == PAGE_TOTALS && reading->header.published == 0)
            return reason_give(reading->reason, STATUS_NO_PAGE,
                               "it has a page, but published nothing yet; try again in a moment");
        if (!taken && id == PAGE_TOTALS)
            return damaged(reading, "its totals");
        if (!taken)
            return reason_give(reading->reason, STATUS_FAILED, "out of memory");
    }
    return STATUS_OK;
}

static void take_header(struct snapshot *snapshot, const struct page_header *header, int fd) {
    snapshot->source = SNAPSHOT_PAGE;
    /* Shared with other readers; the process itself holds it alone for as long as it lives. */
    snapshot->writer_alive = flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (!snapshot->writer_alive)
        flock(fd, LOCK_UN);
    snapshot->pid = header->pid;
    snapshot->start_ticks = header->start_ticks;
    snapshot->created = header->created;
    snapshot->cost = header->cost;
    snapshot->interval = header->interval;
    snapshot->root = header->root;
    snapshot->heaps_truncated = header->section[PAGE_HEAPS].truncated;
    snapshot->arenas_truncated = header->section[PAGE_ARENAS].truncated;
    memcpy(snapshot->exe, header->exe, sizeof snapshot->exe);
}

static bool same_moment(struct reading *reading) {
    uint32_t before = reading->header.generation, after;
    return before % 2 == 0 &&
           read_exactly(reading->fd, &after, sizeof after,
                        offsetof(struct page_header, generation)) &&
           before == after;
}

void snapshot_cross_check(struct snapshot *snapshot) {
    uint64_t arenas = (uint64_t)snapshot->arena_count + snapshot->arenas_truncated;
    uint64_t heaps = (uint64_t)snapshot->heap_count + snapshot->heaps_truncated;
    uint64_t pools = 0;
    for (uint32_t i = 0; i < snapshot->class_count; i++)
        pools += snapshot->classes[i].pools;
    if (snapshot->one_moment && snapshot->rows_lost == 0 &&
        (arenas != snapshot->total.arenas || heaps != snapshot->total.heaps ||
         pools != snapshot->total.pools))
        snapshot->rows_lost = 1;
}

enum status snapshot_from_page(struct snapshot *snapshot, int fd, struct reason *reason) {
    struct reading reading = {.fd = fd, .reason = reason};
    enum status status = STATUS_FAILED;
    for (int try = 0; try < MOMENT_TRIES; try++) {
        memset(snapshot, 0, sizeof *snapshot);
        status = read_header(&reading);
        if (status != STATUS_OK)
            return status;
        status = read_sections(&reading, snapshot);
        snapshot->one_moment = status == STATUS_OK && same_moment(&reading);
        if (snapshot->one_moment)
            break;
        if (try + 1 < MOMENT_TRIES)
            snapshot_clear(snapshot);
    }
    if (status != STATUS_OK) {
        snapshot_clear(snapshot);
        return status;
    }
    take_header(snapshot, &reading.header, fd);
    return STATUS_OK;
}

void snapshot_clear(struct snapshot *snapshot) {
    free(snapshot->heaps);
    free(snapshot->arenas);
    free(snapshot->ranges);
    memset(snapshot, 0, sizeof *snapshot);
}
