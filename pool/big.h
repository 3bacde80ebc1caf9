/* Blocks beyond the size classes: runs of pools up to RUN_MAX, large ones above.
 *
 * Each heap keeps the few it freed last, so that a program which takes and frees buffers meets
 * neither lock nor OS. Runs and large blocks have no owner: whoever frees one may keep it.
 */
#ifndef POOL_BIG_H
#define POOL_BIG_H

#include "heap.h"

/* big_alloc, once what is kept does not simply serve. */
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
/* Forgets what a torn heap kept. */
void big_reset(struct heap *heap);
/* After less became live: gives back what is too much by that, and more if live fell by half. */
void big_fit(struct heap *heap);

/* Bytes that a run or large block takes. */
static inline size_t big_bytes(const struct pool *pool) {
    return pool->map_bytes;
}

static inline uint32_t big_pools(size_t size) {
    return (uint32_t)((size + POOL_BYTES - 1) >> POOL_SHIFT);
}

/* Runs are found by length; large ones, of which there are few, one by one. */
static inline uint32_t *big_alike(struct heap *heap, const struct pool *pool, uint32_t *length) {
    *length = pool->state == POOL_RUN ? pool->run_pools : 0;
    return &heap->big_length[*length];
}

/* A kept block that has left its place becomes one of `size` bytes. */
static inline void *big_hand_out(struct heap *heap, struct pool *pool, size_t size) {
    heap->big_bytes -= (uint32_t)pool->map_bytes;
    pool->run_bytes = size;
    pool->resting = 0;
    return pool->base;
}

/* Takes the kept block at heap.big[i] for `size` bytes. */
static inline void *big_get(struct heap *heap, uint32_t i, size_t size) {
    struct pool *pool = heap->big[i];
    uint32_t bit = (uint32_t)1 << i, length, *alike = big_alike(heap, pool, &length);
    heap->big_used ^= bit;
    *alike ^= bit;
    heap->big_lengths ^= (uint32_t)(*alike == 0) << length;
    return big_hand_out(heap, pool, size);
}

/* Gives the newest kept block, if there is one, a place among the others. */
static inline void big_file(struct heap *heap) {
    struct pool *pool = heap->big_newest;
    if (pool == NULL)
        return;
    uint32_t i = (uint32_t)__builtin_ctz(~heap->big_used), bit = (uint32_t)1 << i, length;
    *big_alike(heap, pool, &length) |= bit;
    heap->big_used |= bit;
    heap->big_lengths |= (uint32_t)1 << length;
    heap->big[i] = pool;
    heap->big_newest = NULL;
}

/* No place, but for the newest: fewer than two. */
static inline bool big_full(const struct heap *heap) {
    uint32_t places = ~heap->big_used;
    return (places & (places - 1)) == 0;
}

/* Keeps a block; not big_full. */
static inline void big_put(struct heap *heap, struct pool *pool) {
    big_file(heap);
    heap->big_bytes += (uint32_t)pool->map_bytes;
    heap->big_newest = pool;
    pool->resting = 1;
}

/* The newest kept block, for `size` bytes. */
static inline void *big_take_newest(struct heap *heap, size_t size) {
    struct pool *newest = heap->big_newest;
    heap->big_newest = NULL;
    return big_hand_out(heap, newest, size);
}

/* `clear`: the block must read as zero. The newest kept block first, if the same was asked for or
 * it is a run of as many pools: a program that takes and frees one buffer keeps to one block. Then
 * another run of just this length. NULL and ENOMEM: no memory or too much asked for. */
static inline void *big_alloc(size_t size, bool clear) {
    struct heap *heap = self.heap;
    if (UNLIKELY(clear || heap == NULL))
        return big_alloc_slow(size, clear);
    const struct pool *newest = heap->big_newest;
    if (newest != NULL && newest->run_bytes == size)
        return big_take_newest(heap, size);
    if (UNLIKELY(size > RUN_MAX))
        return big_alloc_slow(size, false);
    uint32_t pools = big_pools(size);
    if (newest != NULL && newest->state == POOL_RUN && newest->run_pools == pools)
        return big_take_newest(heap, size);
    uint32_t map = heap->big_length[pools];
    if (UNLIKELY(map == 0))
        return big_alloc_slow(size, false);
    return big_get(heap, (uint32_t)__builtin_ctz(map), size);
}

/* Keeps the run or large block that p starts, if there is room; `pool` is the record of p's place.
 * False: there is none, or p is something else. */
static inline RACY bool big_keep(struct heap *heap, struct pool *pool, const void *p) {
    if (pool->base != p || pool->state < POOL_RUN || pool->resting || big_full(heap) ||
        heap->big_bytes + pool->map_bytes > heap->big_limit)
        return false;
    big_put(heap, pool);
    return true;
}

#endif
