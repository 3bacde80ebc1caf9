/* Blocks beyond the size classes: runs of pools up to RUN_MAX, large ones above.
 *
 * Each heap keeps the few it freed last, so that a program which takes and frees buffers meets
 * neither lock nor OS. Runs and large blocks have no owner: whoever frees one may keep it.
 */
#ifndef POOL_BIG_H
#define POOL_BIG_H

#include "heap.h"

/* The two below, once what is kept does not simply serve. NULL: no memory or too much asked for. */
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

/* Bytes that a run or large block takes. */
static inline size_t big_bytes(const struct pool *pool) {
    return pool->map_bytes;
}

/* Takes the kept block at heap.big[i]; the newest takes its place. */
static inline void *big_get(struct heap *heap, uint32_t i) {
    struct pool *pool = heap->big[i];
    heap->big[i] = heap->big[--heap->big_next % BIG_MAX];
    heap->big_count--;
    heap->big_bytes -= (uint32_t)pool->map_bytes;
    pool->resting = 0;
    return pool->base;
}

/* Keeps a block; there is a place. */
static inline void big_put(struct heap *heap, struct pool *pool) {
    pool->resting = 1;
    heap->big_bytes += (uint32_t)pool->map_bytes;
    heap->big_count++;
    heap->big[heap->big_next++ % BIG_MAX] = pool;
}

/* `clear`: the block must read as zero. The newest kept block first: a program that takes and
 * frees one buffer keeps to one block. NULL: no memory or too much asked for. */
static inline void *big_alloc(size_t size, bool clear) {
    struct heap *heap = self.heap;
    if (UNLIKELY(clear || heap == NULL))
        return big_alloc_slow(size, clear);
    uint32_t newest = (heap->big_next - 1) % BIG_MAX;
    if (UNLIKELY(heap->big_count == 0 || heap->big[newest]->run_bytes != size))
        return big_alloc_slow(size, clear);
    return big_get(heap, newest);
}

/* Keeps the run or large block that p starts, if there is room; `pool` is the record of p's place.
 * False: there is none, or p is something else. */
static inline RACY bool big_keep(struct heap *heap, struct pool *pool, const void *p) {
    if (pool->base != p || pool->state < POOL_RUN || pool->resting || heap->big_count == BIG_MAX ||
        heap->big_bytes + pool->map_bytes > heap->big_limit)
        return false;
    big_put(heap, pool);
    return true;
}

#endif
