/* Where everything starts: the one structure from which a reader, in this process or another,
 * reaches all of the allocator's records. Its layout belongs to ROWS_VERSION. */
#ifndef POOL_ROOT_H
#define POOL_ROOT_H

#include "rows.h"
#include "types.h"

struct pool_root {
    uint32_t version;    /* ROWS_VERSION */
    uint32_t root_bytes; /* sizes of the structures: another build's are refused */
    uint32_t pool_bytes, arena_bytes, heap_bytes, thread_bytes;
    struct pool *records; /* the address map */
    uint64_t mask;
    struct arena *arenas; /* all_next list */
    struct heap *heaps;   /* next_all list */
    _Atomic uint32_t arena_count, heap_count;
    struct rows_large large;
    struct meta_step *meta;        /* memory of the allocator's own structures */
    struct pool_list large_blocks; /* their records, newest first */
    struct extent *warm;           /* kept extents, large.cached of them, oldest first */
    uint64_t cached_pools_bytes;   /* free dirty pools */
    _Atomic uint64_t keep_bytes;   /* the allowance, as last computed */
    _Atomic uint64_t event[EVENT_COUNT];
};
extern struct pool_root libpool_root __attribute__((visibility("default")));

/* Under the arena lock, as nearly all events are: a plain addition that others may read. */
static inline void root_count(enum rows_event event, uint64_t n) {
    uint64_t was = atomic_load_explicit(&libpool_root.event[event], memory_order_relaxed);
    atomic_store_explicit(&libpool_root.event[event], was + n, memory_order_relaxed);
}

/* The same without a lock. */
static inline void root_count_alone(enum rows_event event, uint64_t n) {
    atomic_fetch_add_explicit(&libpool_root.event[event], n, memory_order_relaxed);
}

#endif
