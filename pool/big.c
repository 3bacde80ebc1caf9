#include "big.h"

#include "arena.h"
#include "heap_slow.h"
#include "large.h"
#include "misuse.h"
#include "os.h"
#include "registry.h"
#include "root.h"
#include "tick.h"

#include <string.h>

/* What one heap may keep: enough for the buffers of one thread at work. A program may have hundreds
 * of threads: all but the first share an amount. */
static uint32_t keep_limit(const struct heap *heap) {
    uint32_t share = ((uint32_t)2 << 20) / (libpool_root.heap_count + 1);
    if (heap->index == 0)
        return (uint32_t)1 << 20;
    return share > (uint32_t)64 << 10 ? share : (uint32_t)64 << 10;
}

static uint32_t pools_for(size_t size) {
    return (uint32_t)((size + POOL_BYTES - 1) >> POOL_SHIFT);
}

static void mark_body(struct pool *first, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        first[i].base = first->base;
        first[i].bound = 0;
        first[i].state = POOL_BODY;
    }
    for (uint32_t i = 0; i < to; i++)
        first[i].run_pools = to;
    first->map_bytes = (size_t)to << POOL_SHIFT;
}

static void *run_alloc(size_t size, bool clear) {
    uint32_t count = pools_for(size);
    struct pool *first = arena_take(count, true);
    if (first == NULL)
        return NULL;
    first->bound = 0;
    first->block_size = 0;
    first->resting = 0;
    first->run_bytes = size;
    mark_body(first, 1, count);
    __atomic_store_n(&first->state, POOL_RUN, __ATOMIC_RELEASE);
    if (clear && !first->fresh)
        memset(first->base, 0, size);
    return first->base;
}

static void really_free(struct pool *pool) {
    if (pool->state == POOL_LARGE)
        large_free(pool);
    else
        arena_return(pool, pool->run_pools);
}

static void drop_oldest(struct heap *heap) {
    struct pool *pool = heap->big[(heap->big_next - heap->big_count) % BIG_MAX];
    heap->big_count--;
    heap->big_bytes -= (uint32_t)pool->map_bytes;
    really_free(pool);
}

void big_give_back(struct heap *heap) {
    while (heap->big_count > 0)
        drop_oldest(heap);
}

/* Keeps the freed block in the heap, in place of older ones; false: it is too big for that. */
static bool keep(struct heap *heap, struct pool *pool) {
    uint32_t limit = heap->big_limit = keep_limit(heap);
    if (pool->map_bytes > limit)
        return false;
    while (heap->big_count == BIG_MAX || heap->big_bytes + pool->map_bytes > limit)
        drop_oldest(heap);
    big_put(heap, pool);
    return true;
}

/* Is the kept block right for `size` bytes: but for a fifth all would be used? */
static inline bool suits(const struct pool *pool, size_t size) {
    return pool->map_bytes - size <= size / 4 + (-size & (POOL_BYTES - 1));
}

static void *take_kept(struct heap *heap, size_t size, bool clear) {
    for (uint32_t i = 1; i <= heap->big_count; i++) {
        uint32_t at = (heap->big_next - i) % BIG_MAX;
        struct pool *pool = heap->big[at];
        if (!suits(pool, size))
            continue;
        if (pool->state == POOL_LARGE)
            large_keep_length(pool, size);
        pool->run_bytes = size;
        void *block = big_get(heap, at);
        return clear ? memset(block, 0, size) : block;
    }
    return NULL;
}

static void *from_os(size_t align, size_t size, bool clear) {
    void *block = NULL;
    if (size <= RUN_MAX && align <= POOL_BYTES)
        block = run_alloc(size, clear);
    if (block == NULL && size <= PTRDIFF_MAX)
        block = large_alloc(size, align, clear);
    return block;
}

/* Memory is short: what is kept goes back before NULL is the answer. */
static bool give_all(void) {
    struct heap *heap = self.heap;
    if (heap == NULL)
        return heap_give_all(NULL);
    heap_enter(heap);
    bool any = heap_give_all(heap);
    heap_leave(heap);
    return any;
}

static void *take_new(size_t align, size_t size, bool clear) {
    void *block = from_os(align, size, clear);
    if (block == NULL && size <= PTRDIFF_MAX && give_all())
        block = from_os(align, size, clear);
    tick();
    return block;
}

void *big_alloc_slow(size_t size, bool clear) {
    struct heap *heap = self.heap != NULL ? self.heap : registry_attach();
    void *block = NULL;
    if (heap != NULL && heap->big_bytes >= size)
        block = take_kept(heap, size, clear);
    /* Rather than memory is touched for the first time, what is kept may be joined. */
    if (block == NULL && heap != NULL && heap->big_bytes > 0 && !arena_has_warm())
        big_give_back(heap);
    return block != NULL ? block : take_new(OS_PAGE, size, clear);
}

void *big_aligned(size_t align, size_t size) {
    return take_new(align > OS_PAGE ? align : OS_PAGE, size > 0 ? size : 1, false);
}

static _Noreturn void wrong_start(const struct pool *pool, const void *p, const char *function) {
    size_t bytes;
    bool inside = pool != NULL || large_holding(p, &bytes) != NULL;
    if (inside)
        misuse((uintptr_t)p % MIN_ALIGN != 0 ? MISUSE_UNALIGNED_FREE : MISUSE_INTERIOR_FREE, p,
               function);
    misuse(MISUSE_INVALID_FREE, p, function);
}

static void must_start(const struct pool *pool, const void *p, const char *function) {
    if (pool == NULL || pool->base != p)
        wrong_start(pool, p, function);
    if (pool->resting)
        misuse(MISUSE_DOUBLE_FREE, p, function);
}

void big_free(struct pool *pool, void *p) {
    must_start(pool, p, "free");
    if (self.heap == NULL || !keep(self.heap, pool))
        really_free(pool);
}

size_t big_usable(const struct pool *pool, const void *p, const char *function) {
    must_start(pool, p, function);
    return big_bytes(pool);
}

static void *run_resize(struct pool *first, size_t size) {
    uint32_t have = first->run_pools, want = pools_for(size);
    if (size <= SMALL_MAX || size > RUN_MAX)
        return NULL;
    /* A quarter too long stays: it may be the room that the last growth took along. */
    if (want < have && want >= have - have / 4)
        want = have;
    if (want > have && !arena_extend(first, have, want - have))
        return NULL;
    if (want < have)
        arena_shrink(first, have, have - want);
    mark_body(first, want > have ? have : want, want);
    first->run_bytes = size;
    return first->base;
}

void *big_resize(struct pool *pool, size_t size) {
    return pool->state == POOL_LARGE ? large_resize(pool, size) : run_resize(pool, size);
}
