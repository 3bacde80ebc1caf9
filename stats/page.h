/* The shared page: the contract between a process under libpool and whoever reads its figures.
 *
 * One file per process, in PAGE_DIRECTORY, named libpool.PID.START[.N]: PID as the process sees
 * itself, START its start time (field 22 of /proc/PID/stat), N only where the plain name was
 * taken by somebody else. Mode 0600, made with O_CREAT|O_EXCL|O_NOFOLLOW, so nobody else can
 * plant, redirect or read it. A reader checks that it is a regular file and whose it is.
 *
 * Who is alive: the writer holds flock(LOCK_EX) on the file through its mapping, which the kernel
 * drops when the process ends or replaces its program, however that happens. A reader that gets
 * LOCK_SH has a leftover before it. Nothing else is locked by anybody: the writer never waits.
 *
 * It is a mirror. The allocator never reads back what it writes here; of all that readers may
 * write, only page_header.request is looked at, and only known values count.
 *
 *   offset 0      struct page_header, with the table of sections
 *   section[i]    `capacity` rows of `stride` bytes from `offset`, the first `count` valid;
 *                 `truncated` rows found no room
 *   row           struct page_row, then the struct of rows.h that the section's id says
 *
 * Reading while it is written: header.generation is odd while a publication is under way, and
 * row.sequence while that row is. The writer's order is: odd, fence, words, fence, even. A copy
 * of a row is whole if the sequence was even and the same before and after copying it; copies of
 * several rows are of one moment if the same holds of the generation. The section of totals has
 * two rows, written in turn: one of them is whole even if the writer was killed half-way.
 *
 * Rows and the constant part of the header carry a check sum, against damage, not against malice.
 *
 * The file is sparse: rows that were never written cost no memory. Numbers are in the byte order
 * of the machine. Times are CLOCK_BOOTTIME in nanoseconds.
 */
#ifndef STATS_PAGE_H
#define STATS_PAGE_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "rows.h"

#define PAGE_DIRECTORY "/dev/shm"
#define PAGE_PREFIX    "libpool."
#define PAGE_NAME_MAX  80 /* whole path, terminator included */

#define PAGE_MAGIC   0x65676170706f6f6cULL /* "loopp" "age" backwards: "looppage" in the file */
#define PAGE_VERSION 1

enum page_section_id { PAGE_TOTALS, PAGE_CLASSES, PAGE_HEAPS, PAGE_ARENAS, PAGE_SECTIONS };

struct page_section {
    uint32_t id; /* enum page_section_id */
    uint32_t offset;
    uint32_t stride;
    uint32_t capacity;
    _Atomic uint32_t count;
    _Atomic uint32_t truncated;
};

enum page_state {
    PAGE_LIVE,  /* the process runs, or was killed: the lock tells which */
    PAGE_ENDED, /* a normal exit, kept because the process was asked to keep it */
};

/* What a reader may ask for. */
enum page_request { PAGE_REQUEST_NONE, PAGE_REQUEST_REFRESH, PAGE_REQUEST_PURGE };
#define PAGE_REQUEST_BITS 8 /* request = ticket << 8 | enum page_request */

#define PAGE_EXE_MAX 160

struct page_header {
    _Atomic uint64_t magic; /* written last, when everything else is in place */
    uint32_t version;       /* of this file */
    uint32_t rows_version;  /* of rows.h: what the rows look like */
    uint32_t header_bytes;
    uint32_t section_count;
    uint64_t file_bytes;

    int32_t pid;
    uint32_t uid;
    uint64_t start_ticks; /* field 22 of /proc/PID/stat */
    uint64_t created;
    uint64_t root;  /* address of libpool_root in the process, for exact reading */
    uint64_t check; /* page_header_check() */

    _Atomic uint32_t state;      /* enum page_state */
    _Atomic uint32_t generation; /* odd while a publication is under way */
    _Atomic uint64_t published;  /* when the last one ended */
    _Atomic uint64_t cost;       /* ns it took */
    _Atomic uint64_t interval;   /* ns at least until the next one */

    _Atomic uint64_t request; /* readers write; a new ticket makes it a new request */
    _Atomic uint64_t answer;  /* the request last served */
    _Atomic uint64_t answered;

    char exe[PAGE_EXE_MAX]; /* path of the program, cut off on the right, terminated */
    struct page_section section[PAGE_SECTIONS];
};

struct page_row {
    _Atomic uint32_t sequence; /* odd while the row is written; 0: never written */
    _Atomic uint32_t check;    /* page_row_check() of what follows */
    _Atomic uint64_t published;
};

static inline uint64_t page_mix(uint64_t sum, uint64_t word) {
    return (sum ^ word) * 0x9e3779b97f4a7c15u;
}

static inline uint32_t page_row_check(uint64_t published, const uint64_t *words, size_t count) {
    uint64_t sum = page_mix(1, published);
    for (size_t i = 0; i < count; i++)
        sum = page_mix(sum, words[i]);
    return (uint32_t)(sum >> 32);
}

static inline uint64_t page_header_check(const struct page_header *page) {
    uint64_t sum = page_mix(page->version, page->rows_version);
    sum = page_mix(sum, (uint64_t)page->header_bytes << 32 | page->section_count);
    sum = page_mix(sum, page->file_bytes);
    sum = page_mix(sum, (uint64_t)(uint32_t)page->pid << 32 | page->uid);
    sum = page_mix(sum, page->start_ticks);
    sum = page_mix(sum, page->created);
    sum = page_mix(sum, page->root);
    for (size_t i = 0; i < PAGE_EXE_MAX; i++)
        sum = page_mix(sum, (unsigned char)page->exe[i]);
    for (size_t i = 0; i < PAGE_SECTIONS; i++) {
        const struct page_section *section = &page->section[i];
        sum = page_mix(sum, (uint64_t)section->id << 32 | section->offset);
        sum = page_mix(sum, (uint64_t)section->stride << 32 | section->capacity);
    }
    return sum;
}

#define PAGE_HEAPS_MAX  1024
#define PAGE_ARENAS_MAX 65536

#define PAGE_STRIDE(type) (sizeof(struct page_row) + sizeof(type))
#define PAGE_TOTALS_AT    512
#define PAGE_CLASSES_AT   (PAGE_TOTALS_AT + 2 * PAGE_STRIDE(struct rows_total))
#define PAGE_HEAPS_AT     (PAGE_CLASSES_AT + ROWS_CLASSES * PAGE_STRIDE(struct rows_class))
#define PAGE_ARENAS_AT    (PAGE_HEAPS_AT + PAGE_HEAPS_MAX * PAGE_STRIDE(struct rows_heap))
#define PAGE_BYTES        (PAGE_ARENAS_AT + PAGE_ARENAS_MAX * PAGE_STRIDE(struct rows_arena))

static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "shared with processes");
static_assert(sizeof(struct page_header) <= PAGE_TOTALS_AT, "the header fits before the totals");
static_assert(sizeof(struct page_row) == 16, "rows of every section start alike");
static_assert(sizeof(struct rows_total) % 8 == 0 && sizeof(struct rows_class) % 8 == 0 &&
                  sizeof(struct rows_heap) % 8 == 0 && sizeof(struct rows_arena) % 8 == 0,
              "rows are copied in words");

#endif
