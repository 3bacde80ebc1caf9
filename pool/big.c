#include "big.h"

#include "arena.h"
#include "decay.h"
#include "large.h"
#include "misuse.h"
#include "os.h"
#include "owner.h"
#include "root.h"
#include "tick.h"

#include <string.h>

static uint32_t pools_for(size_t size) {
    return (uint32_t)((size + POOL_BYTES - 1) >> POOL_SHIFT);
}

static void mark_body(struct pool *first, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        first[i].base = first->base;
        first[i].run_pools = to;
        first[i].state = POOL_BODY;
    }
    for (uint32_t i = 0; i < from; i++)
        first[i].run_pools = to;
}

static void *run_alloc(size_t size, bool clear) {
    uint32_t count = pools_for(size);
    struct pool *first = arena_take(count);
    if (first == NULL)
        return NULL;
    first->bound = 0;
    first->block_size = 0;
    first->run_bytes = size;
    mark_body(first, 1, count);
    first->run_pools = count;
    first->state = POOL_RUN;
    root_count(EVENT_RUN_TAKEN, 1);
    if (clear && !first->fresh)
        memset(first->base, 0, size);
    return first->base;
}

void *big_alloc(size_t size, bool clear) {
    void *block = NULL;
    if (size <= RUN_MAX)
        block = run_alloc(size, clear);
    if (block == NULL && size <= PTRDIFF_MAX)
        block = large_alloc(size, OS_PAGE, clear);
    tick();
    return block;
}

void *big_aligned(size_t align, size_t size) {
    if (align <= POOL_BYTES && size <= RUN_MAX)
        return run_alloc(size > 0 ? size : 1, false);
    return size <= PTRDIFF_MAX ? large_alloc(size > 0 ? size : 1, align, false) : NULL;
}

static void run_free(struct pool *first) {
    uint32_t count = first->run_pools;
    root_count(EVENT_RUN_RETURNED, 1);
    arena_return(first, count);
}

static enum pool_misuse wrong_start(const void *p) {
    return (uintptr_t)p % MIN_ALIGN != 0 ? MISUSE_UNALIGNED_FREE : MISUSE_INTERIOR_FREE;
}

void big_free(struct pool *pool, void *p) {
    if (pool == NULL && large_free(p))
        return;
    if (pool == NULL)
        misuse(large_holds(p, NULL) != NULL ? wrong_start(p) : MISUSE_INVALID_FREE, p, "free");
    if (pool->base != p)
        misuse(wrong_start(p), p, "free");
    run_free(pool);
}

size_t big_usable(struct pool *pool, const void *p) {
    if (pool == NULL)
        return large_usable(p);
    return pool->base == p ? (size_t)pool->run_pools << POOL_SHIFT : 0;
}

static void *run_resize(struct pool *first, size_t size) {
    uint32_t have = first->run_pools, want = pools_for(size);
    if (size <= SMALL_MAX || size > RUN_MAX)
        return NULL;
    if (want > have && !arena_extend(first, have, want - have))
        return NULL;
    if (want > have)
        mark_body(first, have, want);
    if (want < have)
        arena_shrink(first, have, have - want);
    for (uint32_t i = 0; i < want; i++)
        first[i].run_pools = want;
    first->run_bytes = size;
    return first->base;
}

void *big_resize(struct pool *pool, void *p, size_t size) {
    return pool != NULL ? run_resize(pool, size) : large_resize(p, size);
}
