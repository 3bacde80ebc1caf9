/* Both fast paths, side by side. docs/performance.md explains each instruction. */
#ifndef POOL_HEAP_H
#define POOL_HEAP_H

#include "instructions.h"
#include "owner.h"
#include "size_class.h"
#include "types.h"

#define HIDDEN      __attribute__((visibility("hidden")))
#define NOINLINE    __attribute__((noinline)) /* where its frame would burden the short way */
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

extern HIDDEN _Thread_local struct thread self __attribute__((tls_model("initial-exec")));

/* Everything the fast paths leave: other sizes, no current pool, last block, no heap yet. */
HIDDEN void *heap_alloc_slow(size_t size);
/* NULL, other threads' blocks, full pools, last block of a pool, runs, large, misuse. `pool` is the
 * record of p's place, `place` what heap_place() says of them. */
HIDDEN void heap_free_slow(void *p, struct pool *pool, uint64_t place);

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

/* NULL: the slow path must decide. Callers end in `return slow(size)`, so no frame is needed. */
static inline void *heap_alloc_fast(size_t size) {
    size_t size_class = (size + MIN_ALIGN - 1) / MIN_ALIGN; /* wraps to 0, whose slot is empty */
    keep_in_register(size_class);
    if (UNLIKELY(size_class >= FINE_CLASSES))
        return NULL;
    return pool_pop(self.slot[size_class]);
}

static inline void *heap_alloc(size_t size) {
    void *block = heap_alloc_fast(size);
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

static inline void heap_free(void *p) {
    struct pool *pool = owner_record(p);
    struct link *block = p;
    uint64_t place = heap_place(pool, p);
    uint32_t top;
    if (UNLIKELY(!heap_armed(pool, place)))
        return heap_free_slow(p, pool, place);
    if (UNLIKELY(block->mark >> 24 == MARK_BYTE))
        return heap_free_slow(p, pool, place);
    if (UNLIKELY(__builtin_sub_overflow(pool->top, QUOTA_ONE, &top)))
        return heap_free_slow(p, pool, place);
    block->next = (uint16_t)top;
    block->mark = MARK;
    pool->top = top_with_head(top, link_to(p));
}

#endif
