/* The heap's slow side: pools enter and leave it. Called by its owner (or, for an abandoned heap,
 * under the registry lock). */
#ifndef POOL_HEAP_SLOW_H
#define POOL_HEAP_SLOW_H

#include "config.h"
#include "heap.h"

extern HIDDEN struct pool pool_none;

/* A block of the class, from its own pools or its group's if borrowed ones are not multiples of
 * `align`, a power of two; NULL: no memory. */
void *heap_alloc_class(uint32_t size_class, size_t align);
/* Blocks came back to the pool's list. If it was full, it has a free block again; if none is used
 * any more, it rests, and goes back unless it is used again soon. */
void heap_pool_gained(struct heap *heap, struct pool *pool);
/* The full pool has a free block again. */
void heap_pool_reopened(struct heap *heap, struct pool *pool);
/* Puts what other threads freed back into the pools. */
void heap_collect(struct heap *heap);
/* Gives back resting pools until they take at most `keep` bytes, and every kept big block. */
void heap_give_back(struct heap *heap, uint32_t keep);
/* Memory is short: gives back to the OS what this heap (may be NULL), the arenas and the cache of
 * mappings hold. True: worth another try. */
bool heap_give_all(struct heap *heap);
/* Asserts the invariants of all its pools. */
void heap_check_all(struct heap *heap);
static inline void heap_check(struct heap *heap) {
    if (CHECKED)
        heap_check_all(heap);
}

#endif
