#ifndef POOL_FREE_H
#define POOL_FREE_H

#include "heap.h"

/* Is p the start of a carved block of the pool? */
static inline RACY bool free_starts(const struct pool *pool, const void *p) {
    uint64_t offset = (uintptr_t)p - (uintptr_t)pool->base;
    return offset * pool->mult < class_bound(pool->block_size, pool->mult, pool->carved);
}

/* Does it look as free blocks do? */
static inline RACY bool free_marked(const void *p) {
    const struct link *block = p;
    return block->mark == MARK || block->mark == MARK_LAST;
}

/* Is it a live block of the pool, beyond doubt? False: it may still be one. */
static inline RACY bool free_plain(const struct pool *pool, const void *p) {
    const struct link *block = p;
    return (uint8_t)(pool->state - POOL_USED) <= POOL_FULL - POOL_USED && free_starts(pool, p) &&
           block->mark >> 24 != MARK_BYTE;
}

/* And this thread's? */
static inline RACY bool free_owns(const struct pool *pool, const void *p) {
    return pool->key + (uintptr_t)p + self.id < POOL_BYTES && free_plain(pool, p);
}

/* Makes sure that p is a live block of its pool. What is no block, or free already, is misuse;
 * `function` is what the program called. */
void free_check(const struct pool *pool, const void *p, const char *function);

#endif
