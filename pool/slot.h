/* A thread's slots: which pool each size class allocates from. A class has pools of its own, or is
 * served by its group's, or borrows from a larger class for a while. */
#ifndef POOL_SLOT_H
#define POOL_SLOT_H

#include "heap.h"

/* For a heap that a thread begins to use: every class without pools is served by its group. */
void slot_start(struct heap *heap);
/* The class whose pools are to serve a request of `size_class` that found its slot empty, or a list
 * that has come to its last block. A class for which memory is touched again and again gets pools
 * of its own. */
uint32_t slot_source(struct heap *heap, uint32_t size_class);
/* Memory was touched for the class that slot_source was last asked about. */
void slot_grew(struct heap *heap);
/* Puts the pool, or pool_none, into the slots of `size_class` and of all it serves. Who borrowed
 * the pool that was there loses it. */
void slot_set(struct heap *heap, uint32_t size_class, struct pool *pool);
/* The pool's list was taken into use: how many blocks it brought. */
uint32_t slot_count_refill(struct heap *heap, const struct pool *pool);
/* A current pool of a larger class with blocks to lend; NULL: none. */
struct pool *slot_borrow(struct heap *heap, uint32_t size_class);
/* Takes the pools out of the thread's slots. */
void slot_clear(struct heap *heap, struct thread *thread);

#endif
