#include "coarse.h"

#include "heap_slow.h"
#include "list.h"
#include "os.h"
#include "rest.h"
#include "slot.h"
#include "spare.h"

static uint32_t all_of(const struct pool *pool) {
    return class_coarse_starts[coarse_index(pool)];
}

/* Blocks of a full pool that are spares. */
static uint32_t spares_of(const struct pool *pool) {
    return pool->state == POOL_FULL ? all_of(pool) & ~pool->held : 0;
}

static bool room_for(const struct heap *heap, const struct pool *pool, uint32_t bits) {
    return bits_set(bits) <= SPARE_MAX - spare_count(heap, coarse_index(pool));
}

/* The block that starts in that KiB. */
static void *block_at(const struct pool *pool, uint32_t kib) {
    uint32_t size = pool->block_size, index = (kib * FINE_MAX + size - 1) / size;
    return pool->base + index * size;
}

/* Downwards, so that they are handed out in the order of addresses. */
static void put_all(struct heap *heap, const struct pool *pool, uint32_t bits) {
    while (bits != 0) {
        uint32_t kib = 31 - (uint32_t)__builtin_clz(bits);
        spare_put(heap, coarse_index(pool), block_at(pool, kib));
        bits ^= (uint32_t)1 << kib;
    }
}

/* For its memory to be touched counts as two steps (heap.c cuts others in four). */
void coarse_begin(struct heap *heap, struct pool *pool) {
    pool->carved = pool->capacity;
    if (pool->touched == POOL_BYTES / OS_PAGE)
        return;
    pool->touched = POOL_BYTES / OS_PAGE;
    slot_grew(heap);
    slot_grew(heap);
}

static void to_full(struct pool *pool) {
    pool->state = POOL_FULL;
    pool->spare_bound = class_coarse_bound[coarse_index(pool)];
}

static void to_partial(struct heap *heap, struct pool *pool) {
    pool->state = POOL_USED;
    pool->spare_bound = 0;
    list_append(&heap->partial[pool->size_class], pool);
}

static void reopen(struct heap *heap, struct pool *pool, uint32_t spares) {
    spare_pull(heap, coarse_index(pool), pool, bits_set(spares));
    to_partial(heap, pool);
}

/* These have become free; it may be empty now. */
static void gained(struct heap *heap, struct pool *pool, uint32_t bits) {
    uint32_t spares = spares_of(pool);
    pool->held &= ~bits;
    if (pool->state == POOL_FULL) {
        if (room_for(heap, pool, bits))
            put_all(heap, pool, bits);
        else
            reopen(heap, pool, spares);
    }
    if (pool->held == 0)
        rest_begin(heap, pool);
}

void coarse_spread(struct heap *heap, struct pool *pool) {
    rest_cancel(heap, pool);
    to_full(pool);
    put_all(heap, pool, spares_of(pool));
}

void coarse_free(struct heap *heap, struct pool *pool, void *block) {
    gained(heap, pool, class_coarse_bit(block));
}

uint32_t coarse_collect(struct heap *heap, struct pool *pool) {
    /* Release: whoever finds the mail empty then writes mail_next, which was read before this. */
    uint64_t mail = atomic_exchange_explicit(&pool->mail, 0, memory_order_acq_rel);
    uint32_t twice = (uint32_t)mail & ~pool->held;
    if (twice != 0)
        spare_freed_twice(block_at(pool, (uint32_t)__builtin_ctz(twice)));
    gained(heap, pool, (uint32_t)mail);
    return bits_set(mail);
}

void coarse_leave(struct heap *heap, struct pool *pool) {
    if (pool->state == POOL_FULL)
        spare_pull(heap, coarse_index(pool), pool, pool->capacity);
    else
        list_remove(&heap->partial[pool->size_class], pool);
    pool->spare_bound = 0;
}

void coarse_close(struct heap *heap) {
    for (uint32_t c = 0; c < COARSE_CLASSES; c++)
        while (spare_count(heap, c) > 0) {
            struct pool *pool = owner_record(*heap->spare_last[c]);
            reopen(heap, pool, spares_of(pool));
        }
}

void coarse_rebuild(struct heap *heap, struct pool *pool) {
    to_full(pool);
    pool->held &= all_of(pool);
    if (pool->held != all_of(pool))
        to_partial(heap, pool);
}
