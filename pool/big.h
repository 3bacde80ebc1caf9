/* Blocks beyond the size classes: runs of pools up to RUN_MAX, large ones above.
 *
 * Each heap keeps the few it freed last, so that a program which takes and frees buffers meets
 * neither lock nor OS. Runs and large blocks have no owner: whoever frees one may keep it.
 */
#ifndef POOL_BIG_H
#define POOL_BIG_H

#include "types.h"

/* `clear`: the block must read as zero. NULL: no memory or too much asked for. */
void *big_alloc(size_t size, bool clear);
/* `align` above 4096 or `size` above SMALL_MAX. */
void *big_aligned(size_t align, size_t size);
/* Frees a run or a large block; `pool` is what owner_pool(p) said. Misuse if p starts neither. */
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

#endif
