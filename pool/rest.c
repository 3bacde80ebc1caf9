#include "rest.h"

#include "arena.h"
#include "big.h"
#include "block_list.h"
#include "coarse.h"
#include "extra.h"
#include "heap_slow.h"
#include "list.h"
#include "share.h"
#include "slot.h"

/* Resting pools: how much memory all of a heap's may hold. Many heaps share the amount. */
static uint32_t limit_bytes(const struct heap *heap) {
    uint32_t limit = (uint32_t)share_part((uint32_t)512 << 10) * 2;
    return heap->rest_extra.bytes + (limit > REST_LEAST ? limit : REST_LEAST);
}

/* As if a block were in use, so that frees need not ask whether the pool becomes empty. */
static void hold(struct pool *pool, bool on) {
    if (pool_coarse(pool))
        pool->held = on ? pool->held | HELD_RESTING : pool->held & ~HELD_RESTING;
    else
        pool->top = on ? pool->top + QUOTA_ONE : pool->top - QUOTA_ONE;
}

void rest_cancel(struct heap *heap, struct pool *pool) {
    if (!pool->resting)
        return;
    heap->rest[pool->rest_index] = NULL;
    heap->rest_bytes -= pool->rest_bytes;
    hold(pool, false);
    /* Last: from now on it may be reclaimed, if it is in use and somebody else frees it. */
    __atomic_store_n(&pool->resting, 0, __ATOMIC_RELEASE);
}

/* The pool's rest is over; true: it is still empty, and of no class of the heap any more. */
static bool leave(struct heap *heap, struct pool *pool) {
    bool empty = pool_used(pool) == 0;
    rest_cancel(heap, pool);
    if (!empty)
        return false;
    if (pool_coarse(pool))
        coarse_leave(heap, pool);
    else if (heap->thread != NULL && heap->thread->slot[pool->size_class] == pool)
        slot_set(heap, pool->size_class, &pool_none);
    else
        list_remove(&heap->partial[pool->size_class], pool);
    pool->bound = 0;
    heap->count[pool->size_class].pools--;
    return true;
}

/* The resting pool had its time: back it goes if it is still empty; its bytes. */
static uint32_t end_rest(struct heap *heap, struct pool *pool) {
    if (!leave(heap, pool))
        return 0;
    arena_return(pool, 1);
    big_fit(heap);
    return POOL_BYTES;
}

static struct pool *oldest_resting(struct heap *heap) {
    while (heap->rest_first != heap->rest_next) {
        struct pool *pool = heap->rest[heap->rest_first % REST_MAX];
        if (pool != NULL)
            return pool;
        heap->rest_first++;
    }
    return NULL;
}

uint32_t rest_limit(struct heap *heap, uint32_t keep) {
    uint32_t ended = 0;
    struct pool *oldest;
    while (heap->rest_bytes > keep && (oldest = oldest_resting(heap)) != NULL)
        ended += end_rest(heap, oldest);
    return ended;
}

void rest_fit(struct heap *heap) {
    uint32_t limit = limit_bytes(heap);
    if (heap->rest_bytes <= limit)
        return;
    rest_limit(heap, limit);
    heap_check(heap);
}

void rest_reset(struct heap *heap) {
    heap->rest_bytes = 0;
    heap->rest_first = heap->rest_next;
    for (uint32_t i = 0; i < REST_MAX; i++)
        heap->rest[i] = NULL;
    heap->rest_extra = (struct extra){0};
}

struct pool *rest_take(struct heap *heap) {
    struct pool *oldest;
    while (heap->rest_bytes > limit_bytes(heap) / 2 && (oldest = oldest_resting(heap)) != NULL)
        if (leave(heap, oldest)) {
            oldest->state = POOL_NONE;
            return oldest;
        }
    return NULL;
}

void rest_begin(struct heap *heap, struct pool *pool) {
    uint32_t bytes = pool->carved * pool->block_size, limit = limit_bytes(heap);
    extra_ended(&heap->rest_extra, rest_limit(heap, bytes < limit ? limit - bytes : 0));
    uint32_t index = heap->rest_next % REST_MAX;
    if (heap->rest[index] != NULL)
        end_rest(heap, heap->rest[index]);
    heap->rest_next++;
    heap->rest[index] = pool;
    heap->rest_bytes += bytes;
    pool->rest_index = index;
    pool->rest_bytes = bytes;
    pool->resting = 1;
    hold(pool, true);
}
