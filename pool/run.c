#include "run.h"

#include "arena.h"
#include "pool_map.h"
#include "spare.h"

#include <string.h>

/* The first `from` pools are the run's already. */
static void mark(struct pool *run, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < from; i++)
        run[i].run_pools = to;
    for (uint32_t i = from; i < to; i++) {
        run[i].run_pools = to;
        run[i].base = run->base;
        run[i].bound = 0;
        run[i].state = POOL_BODY;
    }
    run->map_bytes = (size_t)to << POOL_SHIFT;
    run->size_class = (uint8_t)class_of_run(run->map_bytes);
}

/* It is the heap's from now on: a free there is a spare's. Of no heap it is nobody's, not even a
 * thread's that has none. */
static void assign(struct pool *run, struct heap *heap) {
    run->heap = heap;
    run->key = -((uintptr_t)run->base + (heap != NULL ? heap->id : 1));
}

void *run_new(struct heap *heap, size_t size, bool clear, bool warm) {
    uint32_t count = class_pools(size);
    struct pool *run = warm ? arena_take_warm(count) : arena_take(count, true);
    if (run == NULL)
        return NULL;
    run->bound = 0;
    run->mult = 1;
    run->block_size = 0;
    run->asked = (uint32_t)size;
    run->held = HELD_RESTING | class_coarse_bit(run->base);
    atomic_store_explicit(&run->mail, 0, memory_order_relaxed);
    assign(run, heap);
    mark(run, 1, count);
    __atomic_store_n(&run->state, POOL_RUN, __ATOMIC_RELEASE);
    /* Last: as long as the key is that of who had the pool before, its frees there find no spare.
     */
    __atomic_store_n(&run->spare_bound, 1, __ATOMIC_RELEASE);
    if (clear && !run->fresh)
        memset(run->base, 0, size);
    return run->base;
}

/* Right is one of a quarter more pools at most than all of `size` takes. */
void *run_take(struct heap *heap, size_t size) {
    uint32_t row = spare_row(class_of_run(size)), longer = (uint32_t)(size >> (POOL_SHIFT + 2));
    for (uint32_t end = row + longer; row <= end && row < SPARE_ROWS; row++) {
        void *run = spare_pop(heap, row, size);
        if (run != NULL)
            return run;
    }
    return NULL;
}

bool run_room(const struct heap *heap, const struct pool *run) {
    return spare_count(heap, spare_row(run->size_class)) < SPARE_MAX;
}

/* Release: whoever sees that it is kept sees by whom. */
void run_keep(struct heap *heap, struct pool *run) {
    uint32_t row = spare_row(run->size_class);
    assign(run, heap);
    __atomic_store_n(&run->held, HELD_RESTING, __ATOMIC_RELEASE);
    spare_put(heap, row, run->base);
    heap->run_bytes += heap->spare_bytes[row];
}

/* Of the length that is kept most often, of equals the longest, the oldest one, about. */
static void drop(struct heap *heap) {
    uint32_t most = COARSE_CLASSES;
    for (uint32_t row = COARSE_CLASSES; row < SPARE_ROWS; row++)
        if (spare_count(heap, row) >= spare_count(heap, most))
            most = row;
    struct pool *run = owner_record(heap->spare[most][1]);
    heap->spare[most][1] = *heap->spare_last[most]--;
    heap->run_bytes -= heap->spare_bytes[most];
    arena_return(run, run->run_pools);
}

uint32_t run_fit(struct heap *heap, uint32_t most) {
    uint32_t before = heap->run_bytes;
    while (heap->run_bytes > most)
        drop(heap);
    return before - heap->run_bytes;
}

void *run_resize(struct pool *run, size_t size) {
    uint32_t have = run->run_pools, want = class_pools(size);
    if (size <= SMALL_MAX || size > RUN_MAX)
        return NULL;
    /* A quarter too long stays: it may be the room that the last growth took along. */
    if (want < have && want >= have - have / 4)
        want = have;
    if (want > have && !arena_extend(run, have, want - have))
        return NULL;
    if (want < have)
        arena_shrink(run, have, have - want);
    mark(run, want > have ? have : want, want);
    run->asked = (uint32_t)size;
    return run->base;
}

/* In this order: a living thread may be freeing it just now, and what was read before it kept the
 * run must not be believed. */
void run_rebuild(struct heap *heap, struct pool *run) {
    if (!run_in_use(run) && run->heap == heap && run_room(heap, run))
        run_keep(heap, run);
}
