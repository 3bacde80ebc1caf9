/* free(), slow side: whose block is it, and what changes in its pool. */
#include "free.h"

#include "big.h"
#include "block_list.h"
#include "coarse.h"
#include "heap_slow.h"
#include "misuse.h"
#include "pool.h"
#include "remote.h"

static _Noreturn void not_a_block(const struct pool *pool, const void *p, const char *function) {
    uint32_t offset = (uint32_t)((const char *)p - pool->base);
    if (offset % MIN_ALIGN != 0)
        misuse(MISUSE_UNALIGNED_FREE, p, function);
    if (offset / pool->block_size >= pool->carved)
        misuse(MISUSE_INVALID_FREE, p, function);
    misuse(MISUSE_INTERIOR_FREE, p, function);
}

RACY void free_check(const struct pool *pool, const void *p, const char *function) {
    if (!free_starts(pool, free_place(pool, p)))
        not_a_block(pool, p, function);
    if (pool_coarse(pool) ? !free_live(pool, p) : free_marked(p) && block_list_has(pool, p))
        misuse(MISUSE_DOUBLE_FREE, p, function);
}

/* The block is checked. */
static void free_own(struct heap *heap, struct pool *pool, void *p) {
    if (pool_coarse(pool)) {
        coarse_free(heap, pool, p);
    } else {
        block_list_push(pool, p);
        heap_pool_gained(heap, pool);
    }
    heap_check(heap);
}

/* Anything else: what needs a closer look, or is none of ours. */
static NOINLINE void free_other(void *p) {
    if (p == NULL)
        return;
    struct pool *pool = owner_pool(p);
    if (pool == NULL || !pool_of_class(pool)) {
        big_free(pool, p);
    } else {
        free_check(pool, p, "free");
        if (pool->heap == self.heap)
            free_own(self.heap, pool, p);
        else
            remote_free(pool, p);
    }
    tick();
}

static NOINLINE RACY void free_big(void *p, struct pool *pool) {
    struct heap *heap = self.heap;
    if (LIKELY(heap != NULL && big_keep(heap, pool, p)))
        return tick_heap(heap);
    free_other(p);
}

static NOINLINE void free_transition(struct heap *heap, struct pool *pool, void *p) {
    free_own(heap, pool, p);
    tick_heap(heap);
}

static NOINLINE void free_remote(struct pool *pool, void *p) {
    remote_free(pool, p);
    tick();
}

static NOINLINE RACY void free_class_block(void *p, struct pool *pool) {
    if (UNLIKELY(!free_plain(pool, p)))
        return free_other(p);
    if (pool->heap == self.heap)
        return free_transition(self.heap, pool, p);
    return free_remote(pool, p);
}

RACY void heap_free_slow(void *p, struct pool *pool) {
    return pool_of_class(pool) ? free_class_block(p, pool) : free_big(p, pool);
}
