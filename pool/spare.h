/* Spare blocks: of each coarse class, and of each length of runs, a heap has a row of free blocks
 * in hand, the one freed last on top. What it allocates comes from there, and most of what it frees
 * goes there: whatever the state of the blocks' pools, which hold few and would change it all the
 * time, and without a look at the block. coarse.h and run.h say how pools come by it. */
#ifndef POOL_SPARE_H
#define POOL_SPARE_H

#include "block_list.h"
#include "heap.h"

/* Push and pop are the owner's. A fork in another thread may find them half done: the record's
 * bits are what counts then. */

/* The row of a coarse class, or of runs. */
static inline uint32_t spare_row(uint32_t size_class) {
    return size_class - FINE_CLASSES;
}

/* A free block of a full pool; there is room. */
static inline void spare_put(struct heap *heap, uint32_t row, void *block) {
    heap->spare[row][heap->row[row].count++] = block;
}

/* Frees a block of a full pool of the row's class, if there is room and its pool does not become
 * empty by it, or rests already; or a run, if the heap may keep as much. False too if it is free
 * already. */
static inline RACY bool spare_push(struct heap *heap, size_t row, struct pool *pool, void *block) {
    struct spare_row *in = &heap->row[row];
    keep_in_register(in);
    uint32_t bit = class_coarse_bit(block), given = pool_given(pool) & bit;
    uint32_t left = pool->held & ~bit, bytes = heap->run_bytes + in->bytes;
    if (UNLIKELY(given == 0 || left == 0 || in->count == SPARE_MAX || bytes > heap->run_limit))
        return false;
    heap->run_bytes = bytes;
    pool->held = left;
    heap->spare[row][in->count++] = block;
    return true;
}

/* A spare that another thread has freed at the same time: the end. */
_Noreturn void spare_freed_twice(const void *block);

/* The spare freed last, for `size` bytes if it is a run; NULL: none. */
static inline RACY void *spare_pop(struct heap *heap, size_t row, size_t size) {
    struct spare_row *in = &heap->row[row];
    keep_in_register(in);
    if (in->count == 0)
        return NULL;
    void *block = heap->spare[row][--in->count];
    if (block == NULL)
        __builtin_unreachable();
    struct pool *pool = owner_record(block);
    uint32_t bit = class_coarse_bit(block);
    if (UNLIKELY((atomic_load_explicit(&pool->mail, memory_order_relaxed) & bit) != 0))
        spare_freed_twice(block);
    heap->run_bytes -= in->bytes;
    pool->held |= bit;
    pool->asked = (uint32_t)size;
    return block;
}

/* Takes the pool's spares, `count` of them, out of their row. */
void spare_pull(struct heap *heap, uint32_t row, const struct pool *pool, uint32_t count);

#endif
