/* Blocks beyond the size classes: runs of pools up to RUN_MAX, large ones above. */
#ifndef POOL_BIG_H
#define POOL_BIG_H

#include "types.h"

/* `clear`: the block must read as zero. NULL: no memory or too much asked for. */
void *big_alloc(size_t size, bool clear);
/* `align` above 4096 or `size` above SMALL_MAX. */
void *big_aligned(size_t align, size_t size);
/* Frees a run or a large block; `pool` is what owner_pool(p) said. Misuse if p is neither. */
void big_free(struct pool *pool, void *p);
/* Bytes usable in a run or large block, 0 if p is neither. */
size_t big_usable(struct pool *pool, const void *p);
/* Changes the size without copying where possible; NULL: allocate, copy, free instead. */
void *big_resize(struct pool *pool, void *p, size_t size);

#endif
