#include "rest.h"

#include "arena.h"
#include "big.h"
#include "block_list.h"
#include "decay.h"
#include "heap_slow.h"
#include "list.h"
#include "pool.h"
#include "root.h"
#include "slot.h"

/* A heap whose pools bounce, given back for want of room and fetched again soon, lets more of them
 * rest: each way takes the arena lock, and where several threads do so, memory and bookkeeping go
 * from one processor's cache to another's each time. All heaps together get so much of live. */
#define EXTRA_SHARE 16
#define EXTRA_LEAST ((uint64_t)1 << 20)
#define EXTRA_MOST  ((uint32_t)(REST_MAX * POOL_BYTES / 4 * 3)) /* one heap's */
static _Atomic uint64_t extra_bytes;

static uint64_t extra_allowed(void) {
    uint64_t share = decay_live_about() / EXTRA_SHARE;
    return share > EXTRA_LEAST ? share : EXTRA_LEAST;
}

/* Resting pools: how much memory all of a heap's may hold. Many heaps share the amount. */
static uint32_t limit_bytes(const struct heap *heap) {
    uint32_t heaps = libpool_root.heap_count, limit = ((uint32_t)512 << 10) / (heaps + 1) * 2;
    return heap->rest_extra + (limit > REST_LEAST ? limit : REST_LEAST);
}

void rest_missed(struct heap *heap) {
    if (heap->rest_ended == 0)
        return;
    heap->rest_ended--;
    if (heap->rest_extra >= EXTRA_MOST ||
        atomic_load_explicit(&extra_bytes, memory_order_relaxed) >= extra_allowed())
        return;
    heap->rest_extra += POOL_BYTES;
    atomic_fetch_add_explicit(&extra_bytes, POOL_BYTES, memory_order_relaxed);
}

static void unlearn(struct heap *heap, uint32_t bytes) {
    if (bytes > heap->rest_extra)
        bytes = heap->rest_extra;
    heap->rest_extra -= bytes;
    atomic_fetch_sub_explicit(&extra_bytes, bytes, memory_order_relaxed);
}

void rest_forget(struct heap *heap) {
    heap->rest_ended = 0;
    unlearn(heap, heap->rest_extra);
}

void rest_tick(struct heap *heap, uint64_t now_ms) {
    if (heap->rest_extra > 0 &&
        atomic_load_explicit(&extra_bytes, memory_order_relaxed) > extra_allowed())
        rest_forget(heap);
    if (now_ms < heap->rest_period_ends)
        return;
    unlearn(heap, heap->rest_unused / 2);
    heap->rest_ended = 0;
    heap->rest_unused = heap->rest_bytes;
    heap->rest_period_ends = now_ms + pool_conf.decay_ms;
}

void rest_cancel(struct heap *heap, struct pool *pool) {
    if (!pool->resting)
        return;
    heap->rest[pool->rest_index] = NULL;
    heap->rest_bytes -= pool->rest_bytes;
    if (heap->rest_bytes < heap->rest_unused)
        heap->rest_unused = heap->rest_bytes;
    pool->resting = 0;
    pool->top -= QUOTA_ONE;
}

/* The pool's rest is over; true: it is still empty, and of no class of the heap any more. */
static bool leave(struct heap *heap, struct pool *pool) {
    rest_cancel(heap, pool);
    if (pool_used(pool) != 0)
        return false;
    if (heap->thread != NULL && heap->thread->slot[pool->size_class] == pool)
        slot_set(heap, pool->size_class, &pool_none);
    else
        list_remove(&heap->partial[pool->size_class], pool);
    pool->bound = 0;
    heap->count[pool->size_class].pools--;
    return true;
}

/* The resting pool had its time: back it goes if it is still empty; true then. */
static bool end_rest(struct heap *heap, struct pool *pool) {
    if (!leave(heap, pool))
        return false;
    arena_return(pool, 1);
    big_fit(heap);
    return true;
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

void rest_reset(struct heap *heap) {
    heap->rest_bytes = 0;
    heap->rest_first = heap->rest_next;
    for (uint32_t i = 0; i < REST_MAX; i++)
        heap->rest[i] = NULL;
    rest_forget(heap);
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
    heap->rest_ended += rest_limit(heap, bytes < limit ? limit - bytes : 0);
    uint32_t index = heap->rest_next % REST_MAX;
    if (heap->rest[index] != NULL)
        heap->rest_ended += end_rest(heap, heap->rest[index]);
    heap->rest_next++;
    heap->rest[index] = pool;
    heap->rest_bytes += bytes;
    pool->rest_index = index;
    pool->rest_bytes = bytes;
    pool->resting = 1;
    pool->top += QUOTA_ONE;
}
