#ifndef POOL_FREE_H
#define POOL_FREE_H

#include "block_list.h"

/* heap_place() as its owner has it. (`base` would do, but is in a line that the owner writes.) */
static inline RACY uint64_t free_place(const struct pool *pool, const void *p) {
    return place_for(pool, p, &pool->heap->id);
}

/* Is that the start of a carved block of the class pool? */
static inline RACY bool free_starts(const struct pool *pool, uint64_t place) {
    return place < (pool_coarse(pool) ? class_coarse_bound[coarse_index(pool)]
                                      : class_bound(pool->block_size, pool->mult, pool->carved));
}

/* Does it look as free blocks on lists do? */
static inline RACY bool free_marked(const void *p) {
    const struct link *block = p;
    return block->mark == MARK || block->mark == MARK_LAST;
}

/* The block, one of the pool's, is live. False: in pools of fine classes it may still be. */
static inline RACY bool free_live(const struct pool *pool, const void *p) {
    const struct link *block = p;
    if (pool_coarse(pool))
        return (pool_given(pool) & class_coarse_bit(p)) != 0;
    return block->mark >> 24 != MARK_BYTE;
}

static inline RACY bool free_of_class(const struct pool *pool) {
    return (uint8_t)(pool->state - POOL_USED) <= POOL_FULL - POOL_USED;
}

/* Is it a live block of the pool, beyond doubt? False: it may still be one. */
static inline RACY bool free_plain(const struct pool *pool, const void *p) {
    return free_of_class(pool) && free_starts(pool, free_place(pool, p)) && free_live(pool, p);
}

/* And this thread's? */
static inline RACY bool free_owns(const struct pool *pool, const void *p) {
    return free_of_class(pool) && free_starts(pool, heap_place(pool, p)) && free_live(pool, p);
}

/* Makes sure that p is a live block of its pool. What is no block, or free already, is misuse;
 * `function` is what the program called. */
void free_check(const struct pool *pool, const void *p, const char *function);

#endif
