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

/* What one heap may keep: enough for the buffers of one thread at work. Of a large program the
 * first keeps a twelfth, since what is freed last and used first keeps to fewer memory pages. There
 * may be hundreds of others, asleep when much of the program is freed: they share an amount, and
 * what they learn. */
static uint32_t keep_limit(const struct heap *heap) {
    if (heap->index == 0)
        return (uint32_t)share_within(KEEP_LEAST, decay_live_about() / KEEP_SHARE, KEEP_MOST);
    uint64_t part = share_within((uint64_t)64 << 10, share_part(2 * KEEP_LEAST), KEEP_LEAST);
    return (uint32_t)part + heap->big_extra.bytes;
}

/* Of the runs it took itself more: where they come and go at random lengths, that spares every
 * second look for one under the arena lock. A fifth of all there are, kept ones too: with a third,
 * such programs take 0.75 to 0.8 of the time, but if they touch all of their blocks 1.03 of the
 * memory. It is given back, to be joined, before this heap touches memory for the first time. */
#define RUNS_SHARE 5
#define RUNS_FIRST ((uint32_t)8 << 20)
#define RUNS_OTHER ((uint32_t)16 << 20) /* together */
#define RUNS_STEP  ((uint32_t)256 << 10)

/* Granted to heaps but the first. Each may have half of what the rest of them leave: that comes to
 * equal parts, and those whose threads sleep never have more together than all may. */
static _Atomic uint32_t granted;

void big_release(struct heap *heap) {
    atomic_fetch_sub_explicit(&granted, heap->run_grant, memory_order_relaxed);
    heap->run_grant = 0;
    heap->big_limit = heap->run_limit = 0;
}

void big_fork_child(const struct heap *own) {
    atomic_store_explicit(&granted, own != NULL ? own->run_grant : 0, memory_order_relaxed);
}

/* In steps, so that what all share is seldom written. */
static uint32_t grant(struct heap *heap, uint32_t wanted) {
    uint32_t before = heap->run_grant;
    uint32_t others = atomic_load_explicit(&granted, memory_order_relaxed) - before;
    uint32_t most = others < RUNS_OTHER ? (RUNS_OTHER - others) / 2 : 0;
    uint32_t now = (wanted < most ? wanted : most) & ~(RUNS_STEP - 1);
    if (now != before)
        atomic_fetch_add_explicit(&granted, now - before, memory_order_relaxed);
    return heap->run_grant = now;
}

static void set_limits(struct heap *heap) {
    uint32_t runs = (uint32_t)share_within(0, decay_runs_about() / RUNS_SHARE, RUNS_FIRST);
    if (heap->index != 0)
        runs = grant(heap, runs);
    heap->big_limit = keep_limit(heap);
    heap->run_limit = runs > heap->big_limit ? runs : heap->big_limit;
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

/* The oldest large block there is, about; its bytes. */
static uint32_t drop_large(struct heap *heap) {
    if (heap->big_used == 0)
        big_file(heap);
    uint32_t rest = heap->big_used >> heap->big_hand << heap->big_hand;
    uint32_t i = (uint32_t)__builtin_ctz(rest != 0 ? rest : heap->big_used);
    struct pool *large = get(heap, i);
    heap->big_hand = (i + 1) % BIG_MAX;
    uint32_t bytes = (uint32_t)big_bytes(large);
    large_free(large);
    return bytes;
}

/* Of large blocks. */
static void drop_to(struct heap *heap, uint32_t most) {
    while (heap->big_bytes > most)
        drop_large(heap);
}

void big_give_back(struct heap *heap) {
    drop_to(heap, 0);
    run_fit(heap, 0);
}

void big_reset(struct heap *heap) {
    heap->big_newest = NULL;
    heap->big_extra = (struct extra){0};
    heap->big_used = heap->big_bytes = heap->run_grant = 0;
}

void big_fit(struct heap *heap) {
    set_limits(heap);
    uint32_t most = decay_fell() ? KEEP_LEAST / 2 : UINT32_MAX;
    drop_to(heap, heap->big_limit < most ? heap->big_limit : most);
    run_fit(heap, heap->run_limit < most ? heap->run_limit : most);
}

static bool keep_large(struct heap *heap, struct pool *large) {
    if (large->map_bytes > heap->big_limit)
        return false;
    while (big_full(heap) || heap->big_bytes + large->map_bytes > heap->big_limit)
        extra_ended(&heap->big_extra, drop_large(heap));
    big_put(heap, large);
    return true;
}

/* Of what others took only as much as of large blocks: they may go on taking, and this thread never
 * take any. */
static bool keep_run(struct heap *heap, struct pool *run) {
    bool own = run->heap == heap;
    uint32_t limit = own ? heap->run_limit : heap->big_limit;
    if (run->map_bytes > limit || !run_room(heap, run) || (!own && heap->run_bytes > limit))
        return false;
    extra_ended(&heap->big_extra, run_fit(heap, limit - (uint32_t)run->map_bytes));
    run_keep(heap, run);
    return true;
}

/* Keeps the freed block in the heap, in place of older ones; false: it is too big for that, or it
 * is too much. */
static bool keep(struct heap *heap, struct pool *pool) {
    set_limits(heap);
    return pool->state == POOL_LARGE ? keep_large(heap, pool) : keep_run(heap, pool);
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
    if (heap != NULL && heap->run_bytes > 0) {
        run = run_new(heap, size, clear, true);
        if (run == NULL)
            run_fit(heap, 0);
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
        drop_to(heap, 0);
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
    if (!big_in_use(pool))
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
