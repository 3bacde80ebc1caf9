/* Both fast paths, side by side. docs/performance.md explains each instruction. */
#ifndef POOL_HEAP_H
#define POOL_HEAP_H

#include "owner.h"
#include "self.h"
#include "size_class.h"
#include "spare.h"
#include "tick.h"

/* Everything the fast paths leave: other sizes, no current pool, last block, no heap yet. */
HIDDEN void *heap_alloc_slow(size_t size);
/* Of it, sizes above FINE_MAX, which take so many units. (Not inline, or the fast path would be
 * three instructions longer.) */
HIDDEN void *heap_alloc_above(size_t size, size_t units);
/* NULL, other threads' blocks, full pools, last block of a pool, large, misuse. `pool` is the
 * record of p's place. */
HIDDEN void heap_free_slow(void *p, struct pool *pool);

/* Links are the low 16 bits of addresses, so that free() need not subtract. */
static inline struct link *link_at(const struct pool *pool, uint16_t link) {
    return (struct link *)(pool->origin + link);
}

static inline uint16_t link_to(const void *block) {
    return (uint16_t)(uintptr_t)block;
}

/* `top` with its head half replaced. */
static inline uint32_t top_with_head(uint32_t top, uint16_t head) {
    return set_low_half(top, head);
}

/* Takes the first block of the pool's list; NULL when it is the last one, or was written to. */
static inline void *pool_pop(struct pool *pool) {
    uint32_t top = pool->top;
    struct link *block = link_at(pool, (uint16_t)top);
    if (UNLIKELY(block->mark != MARK))
        return NULL;
    pool->top = top_with_head(top + QUOTA_ONE, block->next);
    block->mark = 0;
    return block;
}

/* Of MIN_ALIGN bytes each; the class, if that is a fine one. */
static inline size_t heap_units(size_t size) {
    size_t units = (size + MIN_ALIGN - 1) / MIN_ALIGN; /* wraps to 0, whose slot is empty */
    keep_in_register(units);
    return units;
}

/* NULL: the slow path must decide. Callers end in `return slow(size)`, so no frame is needed. */
static inline void *heap_alloc_fast(size_t size) {
    size_t units = heap_units(size);
    return LIKELY(units < FINE_CLASSES) ? pool_pop(self.slot[units]) : NULL;
}

static inline void *heap_alloc(size_t size) {
    size_t units = heap_units(size);
    if (UNLIKELY(units >= FINE_CLASSES))
        return heap_alloc_above(size, units);
    void *block = pool_pop(self.slot[units]);
    return LIKELY(block != NULL) ? block : heap_alloc_slow(size);
}

/* Where p lies in the class pool, as the heap with that id sees it. */
static inline RACY uint64_t place_for(const struct pool *pool, const void *p, const uint64_t *id) {
    uint64_t offset = (uintptr_t)p + pool->key;
    keep_in_register(offset);
    return (offset + *id) * pool->mult;
}

/* Less than the bound of as many blocks (size_class.h) if p starts one of the pool's first blocks,
 * and the pool is this thread's: one comparison for all of that. `bound` of another thread's pool
 * may be changing: no value of it makes that pool ours. */
static inline RACY uint64_t heap_place(const struct pool *pool, const void *p) {
    return place_for(pool, p, &self.id);
}

static inline RACY bool heap_armed(const struct pool *pool, uint64_t place) {
    return place < pool->bound;
}

/* What nearly all frees of the coarse classes, and of runs, are. */
static inline RACY void heap_free_above(void *p, struct pool *pool, uint64_t place) {
    struct heap *heap = self.heap;
    if (LIKELY(place < pool->spare_bound) && LIKELY(spare_push(heap, coarse_index(pool), pool, p)))
        return tick_rarely(heap);
    return heap_free_slow(p, pool);
}

static inline void heap_free(void *p) {
    struct pool *pool = owner_record(p);
    struct link *block = p;
    uint64_t place = heap_place(pool, p);
    uint32_t top;
    if (UNLIKELY(!heap_armed(pool, place)))
        return heap_free_above(p, pool, place);
    if (UNLIKELY(block->mark >> 24 == MARK_BYTE))
        return heap_free_slow(p, pool);
    if (UNLIKELY(__builtin_sub_overflow(pool->top, QUOTA_ONE, &top)))
        return heap_free_slow(p, pool);
    block->next = (uint16_t)top;
    block->mark = MARK;
    pool->top = top_with_head(top, link_to(p));
}

#endif
