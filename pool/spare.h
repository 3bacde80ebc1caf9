/* Spare blocks: of each coarse class a heap has a row of free blocks in hand, the one freed last
 * on top. What it allocates comes from there, and most of what it frees goes there: whatever the
 * state of the blocks' pools, which hold few and would change it all the time, and without a look
 * at the block. coarse.h says how pools come by it. */
#ifndef POOL_SPARE_H
#define POOL_SPARE_H

#include "block_list.h"
#include "heap.h"

/* Push and pop are the owner's. A fork in another thread may find them half done: the record's
 * bits are what counts then. */

/* Of a coarse class. */
static inline struct spare_row *spare_row(struct heap *heap, size_t size_class) {
    return &heap->spare[size_class - FINE_CLASSES];
}

/* A free block of a full pool; there is room. */
static inline void spare_put(struct spare_row *row, void *block) {
    row->block[row->count++] = block;
}

/* Frees a block of a full pool of the row's class, if there is room and its pool does not become
 * empty by it, or rests already. False too if it is free already. */
static inline RACY bool spare_push(struct spare_row *row, struct pool *pool, void *block) {
    keep_in_register(row);
    uint32_t bit = class_coarse_bit(block), given = pool_given(pool) & bit;
    uint32_t left = pool->held & ~bit;
    if (UNLIKELY(given == 0 || left == 0 || row->count == SPARE_MAX))
        return false;
    pool->held = left;
    spare_put(row, block);
    return true;
}

/* A spare that another thread has freed at the same time: the end. */
_Noreturn void spare_freed_twice(const void *block);

/* The spare freed last; NULL: none. */
static inline void *spare_pop(struct spare_row *row) {
    keep_in_register(row);
    if (row->count == 0)
        return NULL;
    void *block = row->block[--row->count];
    if (block == NULL)
        __builtin_unreachable();
    struct pool *pool = owner_record(block);
    uint32_t bit = class_coarse_bit(block);
    if (UNLIKELY((atomic_load_explicit(&pool->mail, memory_order_relaxed) & bit) != 0))
        spare_freed_twice(block);
    pool->held |= bit;
    return block;
}

/* Takes the pool's spares, `count` of them, out of their row. */
void spare_pull(struct spare_row *row, const struct pool *pool, uint32_t count);

#endif
