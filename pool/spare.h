/* Spare blocks: of each coarse class, and of each length of runs, a heap has a row of free blocks
 * in hand, the one freed last on top. What it allocates comes from there, and most of what it frees
 * goes there: whatever the state of the blocks' pools, which hold few and would change it all the
 * time, and without a look at the block. coarse.h and run.h say how pools come by it. */
#ifndef POOL_SPARE_H
#define POOL_SPARE_H

#include "instructions.h"
#include "owner.h"
#include "record.h"
#include "size_class.h"

/* Push and pop are the owner's. A fork in another thread may find them half done: the record's
 * bits are what counts then. */

/* The row of a coarse class, or of runs. */
static inline size_t spare_row(uint32_t size_class) {
    return (size_t)size_class - FINE_CLASSES;
}

/* A new heap, or a torn one: it has none. */
void spare_start(struct heap *heap);

/* How many there are in the row. */
static inline uint32_t spare_count(const struct heap *heap, size_t row) {
    return (uintptr_t)heap->spare_last[row] % SPARE_ROW_BYTES / sizeof(void *);
}

/* A free block of a full pool; there is room. */
static inline void spare_put(struct heap *heap, size_t row, void *block) {
    *++heap->spare_last[row] = block;
}

/* Frees a block of a full pool of the row's class, if there is room and its pool does not become
 * empty by it, or rests already; or a run, if the heap may keep as much. False too if it is free
 * already. */
static inline RACY bool spare_push(struct heap *heap, size_t row, struct pool *pool, void *block) {
    uint32_t number = class_coarse_number(block), left = pool->held;
    if (UNLIKELY(has_bit(pool_mail_bits(pool), number)))
        return false;
    if (UNLIKELY(!take_bit(&left, number)) || UNLIKELY(left == 0))
        return false;
    uint32_t bytes = heap->run_bytes + heap->spare_bytes[row];
    if (UNLIKELY(bytes > heap->run_limit))
        return false;
    void **place = heap->spare_last[row] + 1;
    if (UNLIKELY((uintptr_t)place % SPARE_ROW_BYTES == 0))
        return false;
    heap->run_bytes = bytes;
    pool->held = left;
    *place = block;
    heap->spare_last[row] = place;
    return true;
}

/* A spare that another thread has freed at the same time: the end. */
_Noreturn void spare_freed_twice(const void *block);

/* The spare freed last, for `size` bytes if it is a run; NULL: none. */
static inline RACY void *spare_pop(struct heap *heap, size_t row, size_t size) {
    void **last = heap->spare_last[row];
    if ((uintptr_t)last % SPARE_ROW_BYTES == 0)
        return NULL;
    void *block = *last;
    if (block == NULL)
        __builtin_unreachable();
    heap->spare_last[row] = last - 1;
    struct pool *pool = owner_record(block);
    uint32_t number = class_coarse_number(block);
    if (UNLIKELY(has_bit(pool_mail_bits(pool), number)))
        spare_freed_twice(block);
    heap->run_bytes -= heap->spare_bytes[row];
    pool->held = give_bit(pool->held, number);
    pool->asked = (uint32_t)size;
    return block;
}

/* Takes the pool's spares, `count` of them, out of their row. */
void spare_pull(struct heap *heap, size_t row, const struct pool *pool, uint32_t count);

#endif
