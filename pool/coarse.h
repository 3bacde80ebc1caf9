/* Pools of the coarse classes: 2 to 30 blocks above 1 KiB.
 *
 * They have no list. For each block a bit in the record (`held`) says whether it is handed out, so
 * that freeing and taking one touches neither the block nor, mostly, more than a line of the
 * record, and every double free is seen at once. What other threads free are bits too
 * (remote.c). A pool is
 *   POOL_FULL  if its free blocks, should it have any, are among the heap's spares (spare.h),
 *   POOL_USED  if they are not: it is on the partial list then.
 * It is never armed: every free takes the slow path. A class without spares takes a partial pool,
 * or a new one, and makes all its free blocks spares. Where a row is full, the pool of the next
 * block that is freed is reopened: its blocks leave the row, and it gathers more. (So blocks of
 * sparse pools are not handed out first, and they drain.) An empty pool rests in either state.
 * All functions are the owner's. */
#ifndef POOL_COARSE_H
#define POOL_COARSE_H

#include "types.h"

/* A new pool of the heap, all free. */
void coarse_begin(struct heap *heap, struct pool *pool);
/* The pool, off the partial list, becomes full: its free blocks are spares from now on. Its row is
 * empty. */
void coarse_spread(struct heap *heap, struct pool *pool);
/* A block that is the heap's and handed out becomes free, where spare_push was no answer. */
void coarse_free(struct heap *heap, struct pool *pool, void *block);
/* Takes the pool's mail; how many blocks there were. */
uint32_t coarse_collect(struct heap *heap, struct pool *pool);
/* The empty pool is about to leave the heap. */
void coarse_leave(struct heap *heap, struct pool *pool);
/* Its thread ends: nothing stays in hand. */
void coarse_close(struct heap *heap);
/* Of a torn heap, which has no spares and no lists. */
void coarse_rebuild(struct heap *heap, struct pool *pool);

#endif
