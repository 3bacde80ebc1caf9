/* What is known of arenas, size classes, heaps and large blocks: plain numbers.
 *
 * rows_* read the allocator's own records, in this process or in another one: every access to
 * memory goes through a `struct rows_source`, which either points straight at it or copies it
 * from a process that the reader may inspect. So the page in /dev/shm and an exact reading come
 * from the same code. Nothing here is on a fast path; nothing here allocates.
 *
 * All sizes in bytes. Reading races with running threads: each number was true at some moment
 * during the call; a process at rest reads exactly.
 */
#ifndef POOL_ROWS_H
#define POOL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The layout of this file and of types.h; readers refuse another one. */
#define ROWS_VERSION 5

struct rows_source {
    /* Returns `len` bytes at address `at` of the process described: the address itself, or
     * `buf` filled from elsewhere; NULL when unreadable. */
    const void *(*read)(void *context, const void *at, size_t len, void *buf);
    void *context;
    /* Where the copies go; NULL for this process, which needs none (and stacks may be small). */
    struct rows_scratch *scratch;
};
/* This process: rows_read takes the registry and arena locks for the time of the walk, so the
 * visitor's functions must not allocate. */
extern const struct rows_source rows_self;

#define ROWS_SCRATCH_BYTES 32768
struct rows_scratch {
    _Alignas(512) unsigned char bytes[ROWS_SCRATCH_BYTES];
};

/* Where everything starts. Exported by libpool.so as the symbol `libpool_root`. */
struct pool_root;

struct rows_arena {
    uint64_t base;
    uint32_t index;      /* number of the arena since the process began */
    uint32_t pools;      /* pools in use by classes, of 64 */
    uint32_t run_pools;  /* pools in use by runs */
    uint32_t runs;       /* runs that start here */
    uint32_t free_clean; /* free pools whose memory is with the OS */
    uint32_t free_dirty; /* free pools whose memory is kept */
    uint32_t huge;       /* 1: huge pages were asked for */
    uint32_t sparse;     /* pools less than a quarter used */
    uint64_t live_bytes; /* in blocks of pools and in runs */
    uint64_t live_blocks;
    uint64_t free_bytes;     /* carved but free blocks in pools in use */
    uint64_t mail_bytes;     /* freed by other threads, not collected yet: counted in free_bytes */
    uint64_t uncarved_bytes; /* never handed out in pools in use, mostly untouched */
    uint64_t rounding_bytes; /* tails of pools, and of runs beyond what was asked for */
};

struct rows_class {
    uint32_t block_size;
    uint32_t pools;
    uint64_t live_blocks;
    uint64_t free_blocks; /* carved and free, mail included */
    uint64_t mail_blocks;
    uint64_t capacity;          /* blocks if every pool were carved whole */
    uint64_t refills, refilled; /* cumulative: lists taken into use, blocks on them */
};

struct rows_heap {
    uint32_t index;
    uint32_t state; /* enum heap_state: 0 live, 1 abandoned, 2 torn by a fork */
    int32_t tid;
    uint32_t pools;
    uint64_t live_bytes, live_blocks;
    uint64_t free_bytes;
    uint64_t current_free_blocks; /* in the pools its thread allocates from */
    uint64_t current_free_bytes;
    uint64_t collected; /* blocks freed by other threads and collected, ever */
};

struct rows_large {
    uint64_t blocks, bytes;        /* live; bytes as they take them */
    uint64_t asked;                /* bytes asked for in them */
    uint64_t cached, cached_bytes; /* kept for reuse, not in use */
    uint64_t peak_bytes;
};

enum rows_event {
    EVENT_ARENA_MAPPED,
    EVENT_ARENA_UNMAPPED,
    EVENT_POOL_TAKEN,
    EVENT_POOL_RETURNED,
    EVENT_RUN_TAKEN,
    EVENT_RUN_RETURNED,
    EVENT_LARGE_MAPPED,
    EVENT_LARGE_UNMAPPED,
    EVENT_LARGE_REUSED,
    EVENT_LARGE_REMAPPED,
    EVENT_PURGE_CALLS,
    EVENT_PURGED_BYTES,
    EVENT_BOUNCED_BYTES,
    EVENT_HEAP_CREATED,
    EVENT_HEAP_ABANDONED,
    EVENT_HEAP_ADOPTED,
    EVENT_OUT_OF_MEMORY,
    EVENT_TRIM,
    EVENT_FORK,
    EVENT_COUNT
};
/* "arena mapped" and so on, in the order of the enum. */
extern const char *const rows_event_name[EVENT_COUNT];

struct rows_total {
    uint64_t live_bytes, live_blocks; /* pools, runs and large blocks */
    uint64_t free_bytes;              /* carved, free, in pools in use */
    uint64_t uncarved_bytes;
    uint64_t rounding_bytes;            /* known roundings only: blocks record no request */
    uint64_t cached_bytes;              /* dirty free pools and cached large mappings */
    uint64_t clean_bytes;               /* mapped, not resident: free pools given back */
    uint64_t metadata_bytes;            /* records, heaps, tables: mapped and touched, at most */
    uint64_t bound_blocks, bound_bytes; /* how far a published live count may be off */
    uint64_t keep_bytes;                /* what the allocator would keep from the OS just now */
    uint32_t arenas, heaps, live_heaps, pools;
    struct rows_large large;
    uint64_t event[EVENT_COUNT];
};

#define ROWS_CLASSES 96

/* Address ranges that are not arenas: for measuring what is resident. */
enum rows_range { RANGE_LARGE, RANGE_LARGE_CACHED, RANGE_METADATA };

/* Walks everything once. Each callback may be NULL; returning false stops the walk. Class rows
 * arrive in `classes` (ROWS_CLASSES long, may be NULL), `class_count` of them valid.
 * False when memory of the process could not be read or its layout is another. */
struct rows_visit {
    bool (*arena)(void *context, const struct rows_arena *row);
    bool (*heap)(void *context, const struct rows_heap *row);
    void *context;
    struct rows_class *classes;
    uint32_t class_count;
    /* Rows by heap index: without them heap rows lack their live_ and free_ figures. */
    struct rows_heap *heaps;
    uint32_t heap_capacity;
    /* A range of large blocks, cached mappings or metadata; any granularity. */
    bool (*range)(void *context, enum rows_range kind, uint64_t at, uint64_t len);
};
bool rows_read(const struct rows_source *source, const struct pool_root *root,
               struct rows_total *total, struct rows_visit *visit);

#endif
