/* Spare blocks: of the coarse classes, a heap keeps some of those freed last off their pools'
 * lists.
 *
 * Where a pool holds few blocks, random frees find nearly every pool full: each would be reopened
 * for one block and be full again when that is taken. A spare block counts as free (the pool's
 * quota says so) but is on no list; its pool stays as it is. A pool without used blocks has no
 * spares, so they keep no pool from going back. */
#ifndef POOL_SPARE_H
#define POOL_SPARE_H

#include "block_list.h"
#include "heap_slow.h"

/* Of a coarse class, in heap.spare. */
static inline size_t spare_index(uint32_t size_class) {
    return size_class - (size_t)FINE_CLASSES;
}

/* Push and pop are the owner's. The order of stores leaves, to a fork in another thread, at worst a
 * block that is neither spare nor listed: it counts as used then. */

/* Makes the used block of a full pool of a coarse class a spare if there is room, and the block is
 * not its pool's last. */
static inline bool spare_push(struct heap *heap, struct pool *pool, void *block) {
    size_t i = spare_index(pool->size_class), count = heap->spare_count[i];
    uint32_t top;
    if (UNLIKELY(count == SPARE_MAX))
        return false;
    if (__builtin_sub_overflow(pool->top, QUOTA_ONE, &top))
        return false;
    *(struct link *)block = (struct link){.next = NO_HEAD, .mark = MARK};
    heap->spare[i][count] = block;
    atomic_signal_fence(memory_order_seq_cst);
    heap->spare_count[i] = (uint8_t)(count + 1);
    pool->top = top;
    return true;
}

/* The spare freed last of the class that serves `size_class`, a coarse one. NULL: none, or it was
 * written to. */
static inline void *spare_pop(struct heap *heap, uint32_t size_class) {
    size_t i = spare_index(heap->source[size_class]), count = heap->spare_count[i];
    if (count == 0)
        return NULL;
    struct link *block = heap->spare[i][count - 1];
    if (UNLIKELY(block->mark != MARK))
        return NULL;
    heap->spare_count[i] = (uint8_t)(count - 1);
    atomic_signal_fence(memory_order_seq_cst);
    owner_record(block)->top += QUOTA_ONE;
    block->mark = 0;
    return block;
}

/* After spare_pop gave NULL: a spare that was written to is misuse. */
void spare_check(struct heap *heap, uint32_t size_class);
/* Puts the pool's spares, of which there are at most `most`, back on its list. */
void spare_return(struct heap *heap, struct pool *pool, uint32_t most);
/* Is the block a spare? Safe from any thread, then only exact when the owner is at rest. */
bool spare_has(const struct pool *pool, const void *block);
/* How many spares are the pool's. */
uint32_t spare_count(const struct pool *pool);
/* A torn heap: puts every spare on its pool's list, whose quota is not looked at. */
void spare_rebuild(struct heap *heap);

#endif
