/* What one walk of rows_read carries along. Private to rows*.c. */
#ifndef POOL_ROWS_WALK_H
#define POOL_ROWS_WALK_H

#include "meta.h"
#include "root.h"

/* Copies of another process's structures; unused when reading this one. */
struct walk_scratch {
    struct pool pools[ARENA_POOLS];
    alignas(
        struct heap) unsigned char heap[offsetof(struct heap, spare)]; /* nothing there is read */
    struct thread thread;
    struct arena arena;
    struct pool_root root;
    struct pool large;
};
static_assert(sizeof(struct walk_scratch) <= ROWS_SCRATCH_BYTES, "the caller's scratch suffices");
static_assert(alignof(struct walk_scratch) <= alignof(struct rows_scratch), "aligned as well");

struct walk {
    const struct rows_source *source;
    const struct pool_root *root;
    struct rows_total *total;
    struct rows_visit *visit;
    struct walk_scratch *scratch;
};

/* Where a copy goes; NULL when there is no scratch, because none is made. */
#define walk_copy(walk, field) ((walk)->scratch != NULL ? (void *)&(walk)->scratch->field : NULL)

static inline const void *walk_get(const struct walk *walk, const void *at, size_t len, void *buf) {
    return walk->source->read(walk->source->context, at, len, buf);
}

/* Calls `visit` for every heap, until it returns false. */
bool walk_heaps(struct walk *walk, bool (*visit)(struct walk *walk, const struct heap *heap));
/* What is free in the pools the heap's thread allocates from, whose counts change without a slow
 * path, is added. */
bool walk_slots(struct walk *walk, const struct heap *heap, uint64_t *blocks, uint64_t *bytes);
/* Before pools are looked at, and after, for each heap: total->bound_*. */
bool walk_bound_begin(struct walk *walk, const struct heap *heap);
void walk_bound_end(struct walk *walk, const struct heap *heap);
/* Calls visit->range for everything that is not an arena. */
bool walk_ranges(struct walk *walk);

#endif
