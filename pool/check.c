/* The invariants of types.h, asserted after transitions in debug builds. */
#undef NDEBUG /* what runs here runs only when CHECKED */
#include "arena.h"
#include "block_list.h"
#include "config.h"
#include "heap_slow.h"
#include "misuse.h"
#include "owner.h"
#include "root.h"
#include "run.h"
#include "spare.h"

static uint32_t list_length(const struct pool *pool) {
    uint32_t length = 0;
    uint16_t head = (uint16_t)pool->top;
    while (head != NO_HEAD) {
        const struct link *link = link_at(pool, head);
        assert((uint32_t)((const char *)link - pool->base) % pool->block_size == 0);
        /* The program's doing, not ours. */
        if (link->mark != (link->next == NO_HEAD ? MARK_LAST : MARK))
            misuse(MISUSE_CORRUPT_LINK, link, "malloc");
        assert(++length <= pool->carved);
        head = link->next;
    }
    return length;
}

static void check_pool(const struct heap *heap, const struct pool *pool, uint32_t size_class) {
    assert(pool->heap == heap && pool->size_class == size_class);
    assert(pool->state == POOL_USED && pool->spare_bound == 0);
    assert(pool->block_size == class_size(size_class));
    assert(pool->capacity == POOL_BYTES / pool->block_size && pool->carved <= pool->capacity);
    if (pool_coarse(pool)) {
        assert(pool->bound == 0 && pool->carved == pool->capacity);
        assert((pool->held & ~class_coarse_starts[coarse_index(pool)]) ==
               (pool->resting ? HELD_RESTING : 0));
        assert(pool_used(pool) < pool->capacity);
        return;
    }
    assert(pool->bound == class_bound(pool->block_size, pool->mult, pool->carved));
    assert(!block_list_empty(pool));
    assert(list_length(pool) + pool_used(pool) == pool->carved);
}

/* Of a full pool just the free blocks are spares, each once. */
static void check_spares(const struct heap *heap, uint32_t coarse) {
    uint32_t count = spare_count(heap, coarse);
    void *const *block = &heap->spare[coarse][1];
    assert(heap->spare_last[coarse] == &heap->spare[coarse][count]);
    assert(heap->spare_bytes[coarse] == 0);
    for (uint32_t i = 0; i < count; i++) {
        const struct pool *pool = owner_record(block[i]);
        uint32_t bits = 0;
        assert(pool->heap == heap && pool->state == POOL_FULL && coarse_index(pool) == coarse);
        assert(pool->spare_bound == class_coarse_bound[coarse]);
        for (uint32_t k = 0; k < count; k++)
            if (owner_record(block[k]) == pool)
                bits += class_coarse_bit(block[k]);
        assert((bits ^ (pool->held & ~HELD_RESTING)) == class_coarse_starts[coarse]);
    }
}

static void check_kept(const struct heap *heap) {
    size_t bytes = heap->big_newest != NULL ? heap->big_newest->map_bytes : 0;
    for (uint32_t map = heap->big_used; map != 0; map &= map - 1) {
        const struct pool *large = heap->big[__builtin_ctz(map)];
        assert(large->resting && large->state == POOL_LARGE);
        bytes += large->map_bytes;
    }
    assert(bytes == heap->big_bytes);
}

static void check_runs(const struct heap *heap) {
    size_t bytes = 0;
    for (uint32_t row = COARSE_CLASSES; row < SPARE_ROWS; row++) {
        assert(heap->spare_last[row] == &heap->spare[row][spare_count(heap, row)]);
        for (uint32_t i = 1; i <= spare_count(heap, row); i++) {
            const struct pool *run = owner_record(heap->spare[row][i]);
            assert(run->spare_bound == 1);
            assert(run->base == heap->spare[row][i] && run->state == POOL_RUN);
            assert(run->heap == heap && run->held == HELD_RESTING && run->mult == 1);
            assert(run->size_class == FINE_CLASSES + row);
            assert(run->map_bytes == heap->spare_bytes[row]);
            bytes += run->map_bytes;
        }
    }
    assert(bytes == heap->run_bytes);
}

static void check_slots(const struct heap *heap) {
    assert(heap->thread == NULL || heap->thread->slot[0] == &pool_none);
    for (uint32_t c = 1; c < class_count; c++) {
        assert(heap->source[c] == class_own(c) || heap->source[c] == group_end(c));
        assert(heap->source[c] == heap->source[class_own(c)]);
        assert((heap->serves[heap->source[c]] >> (heap->source[c] - c) & 1) != 0);
    }
}

static bool reachable(const struct heap *heap, const struct pool *pool) {
    const struct pool *first = heap->partial[pool->size_class].first;
    if (heap->thread != NULL && heap->thread->slot[pool->size_class] == pool)
        return true;
    return pool->prev != NULL ? pool->prev->next == pool : first == pool;
}

/* The run, if it is one and kept by the heap, is just once among its spares. (The order: run.c.) */
static RACY bool run_found(const struct heap *heap, const struct pool *run) {
    if (run->state != POOL_RUN || run_in_use(run) || run->heap != heap)
        return true;
    uint32_t row = spare_row(run->size_class), times = 0;
    for (uint32_t i = 1; i <= spare_count(heap, row); i++)
        times += heap->spare[row][i] == run->base;
    return times == 1;
}

/* No pool with free blocks is lost: each is current or on its list. No kept run is either. */
static RACY void check_reachable(const struct heap *heap) {
    arena_lock();
    for (const struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next) {
        const struct pool *pool = owner_record(a->base);
        for (uint32_t i = 0; i < ARENA_POOLS; i++) {
            assert(pool[i].heap != heap || pool[i].state != POOL_USED || reachable(heap, &pool[i]));
            assert(run_found(heap, &pool[i]));
        }
    }
    arena_unlock();
}

#define SELDOM 16 /* ticks: this one looks at all pools there are */

void heap_check_all(struct heap *heap) {
    if (!CHECKED)
        return;
    check_kept(heap);
    check_runs(heap);
    check_slots(heap);
    if (heap->ticks % SELDOM == 0)
        check_reachable(heap);
    for (uint32_t c = 0; c < class_count - FINE_CLASSES; c++)
        check_spares(heap, c);
    for (uint32_t c = 1; c < class_count; c++) {
        const struct pool *current = heap->thread != NULL ? heap->thread->slot[c] : &pool_none;
        if (current != &pool_none) {
            check_pool(heap, current, current->size_class);
            assert(heap->thread->slot[current->size_class] == current);
        }
        for (const struct pool *pool = heap->partial[c].first; pool != NULL; pool = pool->next) {
            check_pool(heap, pool, c);
        }
    }
}
