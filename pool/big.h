/* Blocks beyond the size classes: runs of pools up to RUN_MAX, large ones above.
 *
 * Each heap keeps some that it freed, runs among its spares (run.h), so that a program which takes
 * and frees buffers meets neither lock nor OS. None has to come home: whoever frees one may keep
 * it.
 */
#ifndef POOL_BIG_H
#define POOL_BIG_H

#include "heap.h"
#include "run.h"

/* A run or a large block, where what was freed last does not simply serve. `clear`: it must read as
 * zero. NULL and ENOMEM as for malloc. */
void *big_alloc_slow(size_t size, bool clear);
/* `align` above 4096 or `size` above SMALL_MAX. */
void *big_aligned(size_t align, size_t size);
/* Frees a run or a large block that big_keep had no room for; `pool` is what owner_pool(p) said.
 * Misuse if p starts neither. */
void big_free(struct pool *pool, void *p);
/* Bytes usable in the run or large block that p starts; else misuse in `function`. */
size_t big_usable(const struct pool *pool, const void *p, const char *function);
/* Changes the size without copying where possible; NULL: allocate, copy, free instead. */
void *big_resize(struct pool *pool, size_t size);
/* Gives back what the heap keeps. */
void big_give_back(struct heap *heap);
/* Its thread ends: it keeps nothing, and others may keep more. */
void big_release(struct heap *heap);
/* In a forked child, where `own` (or NULL) is the only heap that a thread has. */
void big_fork_child(const struct heap *own);
/* Forgets what a torn heap kept. */
void big_reset(struct heap *heap);
/* After less became live: gives back what is too much by that, and more if live fell by half. */
void big_fit(struct heap *heap);

/* Bytes that a run or large block takes. */
static inline size_t big_bytes(const struct pool *pool) {
    return pool->map_bytes;
}

/* The program has the run or large block. */
static inline RACY bool big_in_use(const struct pool *pool) {
    return pool->state == POOL_LARGE ? !pool->resting : run_in_use(pool);
}

/* No place, but for the newest: fewer than two. */
static inline bool big_full(const struct heap *heap) {
    uint32_t places = ~heap->big_used;
    return (places & (places - 1)) == 0;
}

/* A kept large block that has left its place is handed out again. */
static inline void *big_hand_out(struct heap *heap, struct pool *large) {
    heap->big_bytes -= (uint32_t)large->map_bytes;
    large->resting = 0;
    return large->base;
}

/* Gives the newest kept large block, if there is one, a place among the others. */
static inline void big_file(struct heap *heap) {
    if (heap->big_newest == NULL)
        return;
    uint32_t i = (uint32_t)__builtin_ctz(~heap->big_used);
    heap->big_used |= (uint32_t)1 << i;
    heap->big[i] = heap->big_newest;
    heap->big_newest = NULL;
}

/* Keeps a large block; not big_full. */
static inline void big_put(struct heap *heap, struct pool *large) {
    big_file(heap);
    heap->big_bytes += (uint32_t)large->map_bytes;
    heap->big_newest = large;
    large->resting = 1;
}

/* A large block: the newest kept one, if the same was asked for. A program that takes and frees one
 * buffer keeps to one block. NULL and ENOMEM: no memory or too much asked for. */
static inline void *big_alloc(size_t size) {
    struct heap *heap = self.heap;
    struct pool *newest = heap != NULL ? heap->big_newest : NULL;
    if (newest == NULL || newest->large_asked != size)
        return big_alloc_slow(size, false);
    heap->big_newest = NULL;
    return big_hand_out(heap, newest);
}

/* Keeps the large block that p starts, if there is room; `pool` is the record of p's place. False:
 * there is none, or p is something else. */
static inline RACY bool big_keep(struct heap *heap, struct pool *pool, const void *p) {
    if (pool->base != p || pool->state != POOL_LARGE || pool->resting || big_full(heap) ||
        heap->big_bytes + pool->map_bytes > heap->big_limit)
        return false;
    big_put(heap, pool);
    return true;
}

#endif
