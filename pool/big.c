#include "big.h"

#include "arena.h"
#include "decay.h"
#include "extra.h"
#include "heap_slow.h"
#include "large.h"
#include "misuse.h"
#include "os.h"
#include "registry.h"
#include "share.h"
#include "tick.h"

#include <string.h>

#define KEEP_LEAST ((uint64_t)1 << 20)
#define KEEP_MOST  ((uint64_t)4 << 20)
#define KEEP_SHARE 12 /* of live */

/* Runs, kept ones too: of those that come and go at random lengths with a twelfth of live, every
 * third request needs the arena lock; with this every tenth. What is kept is given back, to be
 * joined, before memory is touched for the first time, and so makes no program larger. */
#define RUNS_SHARE 3
#define RUNS_TOTAL ((uint64_t)32 << 20) /* by all heaps */
#define RUNS_MOST  ((uint64_t)16 << 20)

/* What one heap may keep: enough for the buffers of one thread at work. Of a large program the
 * first keeps a twelfth, since what is freed last and used first keeps to fewer memory pages. There
 * may be hundreds of others, asleep when much of the program is freed: they share an amount, and
 * what they learn. */
static uint32_t keep_limit(const struct heap *heap) {
    uint64_t runs = share_within(0, decay_runs_about() / RUNS_SHARE, RUNS_TOTAL);
    uint64_t any = share_within(KEEP_LEAST, decay_live_about() / KEEP_SHARE, KEEP_MOST);
    if (heap->index != 0) {
        runs = share_part(runs);
        any = share_within((uint64_t)64 << 10, share_part(2 * KEEP_LEAST), KEEP_LEAST);
    }
    return (uint32_t)share_within(any, runs, RUNS_MOST) + heap->big_extra.bytes;
}

static void really_free(struct pool *pool) {
    if (pool->state == POOL_LARGE)
        large_free(pool);
    else
        arena_return(pool, pool->run_pools);
}

/* Takes the kept large block at heap.big[i]. */
static struct pool *get(struct heap *heap, uint32_t i) {
    struct pool *large = heap->big[i];
    heap->big_used ^= (uint32_t)1 << i;
    big_hand_out(heap, large);
    return large;
}

/* The oldest large block, about; its bytes. */
static uint32_t drop_large(struct heap *heap) {
    if (heap->big_used == 0)
        big_file(heap);
    if (heap->big_used == 0)
        return 0;
    uint32_t rest = heap->big_used >> heap->big_hand << heap->big_hand;
    uint32_t i = (uint32_t)__builtin_ctz(rest != 0 ? rest : heap->big_used);
    struct pool *large = get(heap, i);
    heap->big_hand = (i + 1) % BIG_MAX;
    uint32_t bytes = (uint32_t)big_bytes(large);
    large_free(large);
    return bytes;
}

/* An old run or large block; its bytes. */
static uint32_t drop_old(struct heap *heap) {
    uint32_t bytes = run_drop(heap);
    return bytes != 0 ? bytes : drop_large(heap);
}

static void drop_to(struct heap *heap, uint32_t most) {
    while (heap->big_bytes > most)
        drop_old(heap);
}

void big_give_back(struct heap *heap) {
    drop_to(heap, 0);
}

void big_reset(struct heap *heap) {
    heap->big_newest = NULL;
    heap->big_extra = (struct extra){0};
    heap->big_used = heap->big_bytes = 0;
    run_start(heap);
}

void big_fit(struct heap *heap) {
    uint32_t limit = heap->big_limit = keep_limit(heap);
    if (decay_fell() && limit > KEEP_LEAST / 2)
        limit = KEEP_LEAST / 2;
    drop_to(heap, limit);
}

/* Keeps the freed block in the heap, in place of older ones; false: it is too big for that. */
static bool keep(struct heap *heap, struct pool *pool) {
    uint32_t limit = heap->big_limit = keep_limit(heap);
    if (pool->map_bytes > limit)
        return false;
    while (heap->big_bytes + pool->map_bytes > limit)
        extra_ended(&heap->big_extra, drop_old(heap));
    if (pool->state == POOL_RUN)
        return run_keep(heap, pool);
    while (big_full(heap))
        extra_ended(&heap->big_extra, drop_large(heap));
    big_put(heap, pool);
    return true;
}

/* A kept one of which all but a fifth would be used. */
static void *take_large(struct heap *heap, size_t size) {
    big_file(heap);
    for (uint32_t map = heap->big_used; map != 0; map &= map - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(map);
        struct pool *large = heap->big[i];
        if (large->map_bytes < size || large->map_bytes - size > size / 4)
            continue;
        large_keep_length(large, size);
        return get(heap, i)->base;
    }
    return NULL;
}

static void *take_kept(struct heap *heap, size_t size, bool clear) {
    void *block = size <= RUN_MAX ? run_take(heap, size) : take_large(heap, size);
    return block != NULL && clear ? memset(block, 0, size) : block;
}

/* Rather than memory is touched for the first time, what is kept may be joined. */
static void *new_run(struct heap *heap, size_t size, bool clear) {
    void *run = NULL;
    if (heap != NULL && heap->big_bytes > 0) {
        run = run_new(heap, size, clear, true);
        if (run == NULL)
            big_give_back(heap);
    }
    return run != NULL ? run : run_new(heap, size, clear, false);
}

static void *from_os(size_t align, size_t size, bool clear) {
    void *block = NULL;
    if (size <= RUN_MAX && align <= POOL_BYTES)
        block = new_run(self.heap, size, clear);
    if (block == NULL && size <= PTRDIFF_MAX)
        block = large_alloc(size, align, clear);
    return block;
}

static void *take_new(size_t align, size_t size, bool clear) {
    if (self.heap != NULL && self.heap->index != 0)
        extra_missed(&self.heap->big_extra, size, KEEP_MOST - KEEP_LEAST);
    void *block = from_os(align, size, clear);
    /* Memory is short: what is kept goes back before NULL is the answer. */
    if (block == NULL && size <= PTRDIFF_MAX && heap_give_all(self.heap))
        block = from_os(align, size, clear);
    tick();
    return block;
}

void *big_alloc_slow(size_t size, bool clear) {
    struct heap *heap = self.heap != NULL ? self.heap : registry_attach();
    void *block = NULL;
    if (heap != NULL)
        block = take_kept(heap, size, clear);
    if (block == NULL && heap != NULL && size > RUN_MAX && !arena_has_warm())
        big_give_back(heap);
    if (block == NULL)
        block = take_new(OS_PAGE, size, clear);
    return block != NULL ? block : out_of_memory();
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
    if (pool->state == POOL_LARGE ? pool->resting : !run_in_use(pool))
        misuse(MISUSE_DOUBLE_FREE, p, function);
}

void big_free(struct pool *pool, void *p) {
    must_start(pool, p, "free");
    struct heap *heap = self.heap;
    if (heap == NULL)
        return really_free(pool);
    if (keep(heap, pool))
        return;
    extra_ended(&heap->big_extra, pool->map_bytes);
    really_free(pool);
    big_fit(heap);
}

size_t big_usable(const struct pool *pool, const void *p, const char *function) {
    must_start(pool, p, function);
    return big_bytes(pool);
}

void *big_resize(struct pool *pool, size_t size) {
    return pool->state == POOL_LARGE ? large_resize(pool, size) : run_resize(pool, size);
}
