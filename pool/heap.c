#include "heap_slow.h"

#include "arena.h"
#include "big.h"
#include "block_list.h"
#include "coarse.h"
#include "extra.h"
#include "large.h"
#include "list.h"
#include "misuse.h"
#include "os.h"
#include "registry.h"
#include "rest.h"
#include "root.h"
#include "slot.h"
#include "spare.h"
#include "tick.h"

/* What a slot without a pool holds: its only "block" never carries MARK. */
static const struct link no_block;
HIDDEN struct pool pool_none = {.origin = (char *)&no_block};

_Thread_local struct thread self = {.slot = {[0 ... CLASS_MAX - 1] = &pool_none}};

void heap_give_back(struct heap *heap, uint32_t keep) {
    big_give_back(heap);
    rest_limit(heap, keep);
}

void heap_pool_reopened(struct heap *heap, struct pool *pool) {
    block_list_arm(pool);
    pool->state = POOL_USED;
    list_append(&heap->partial[pool->size_class], pool);
}

void heap_pool_gained(struct heap *heap, struct pool *pool) {
    if (pool->state == POOL_FULL)
        heap_pool_reopened(heap, pool);
    if (pool_used(pool) == 0 && !pool->resting)
        rest_begin(heap, pool);
}

/* Cuts blocks from the rest of the pool; how many. Cutting writes into each block, so it is done a
 * memory page at a time, until the class has proved to grow. (Of resident memory too: a pool that
 * goes round for a few blocks of each class would be written to from end to end each time.) */
static uint32_t carve(struct heap *heap, struct pool *pool) {
    uint32_t size = pool->block_size, at = pool->carved * size;
    bool resident = at + size <= pool->touched * (uint32_t)OS_PAGE;
    bool ahead = heap->count[pool->size_class].pools > 1;
    uint32_t step = ahead ? 4 * OS_PAGE : OS_PAGE;
    uint32_t end = (at + step) & ~(step - 1), count = (end - at) / size;
    count = block_list_carve(pool, count > 0 ? count : 1);
    if (count > 0 && !resident)
        slot_grew(heap);
    return count;
}

static void count_refill(struct heap *heap, const struct pool *pool) {
    heap->count[pool->size_class].list = slot_count_refill(heap, pool);
}

static void becomes_full(struct heap *heap, struct pool *pool) {
    rest_cancel(heap, pool);
    pool->bound = 0;
    pool->state = POOL_FULL;
}

/* Before memory is touched for the first time, what this heap keeps for later is used up: it is
 * resident, and a first touch costs more than all of this. */
static void use_up_kept(struct heap *heap) {
    if (arena_has_warm())
        return;
    if (heap->big_bytes + heap->run_bytes > 0)
        big_give_back(heap);
    else if (heap->rest_bytes > REST_LEAST)
        rest_limit(heap, heap->rest_bytes - 1);
}

static struct pool *new_pool(struct heap *heap, uint32_t size_class) {
    struct pool *pool = rest_take(heap);
    if (pool == NULL) {
        use_up_kept(heap);
        extra_missed(&heap->rest_extra, POOL_BYTES, REST_EXTRA);
        pool = arena_take(1, false);
    }
    if (pool == NULL)
        return NULL;
    block_list_start(pool, heap, size_class);
    heap->count[size_class].pools++;
    if (pool_coarse(pool))
        coarse_begin(heap, pool);
    else
        carve(heap, pool);
    __atomic_store_n(&pool->state, POOL_USED, __ATOMIC_RELEASE);
    return pool;
}

/* A partial pool with fewer free blocks is left to gather more, or a full heap with random frees
 * would come here for every block: less than an eighth of its blocks, if that is less than 8, or
 * else less than 1/32, which bounds what is left lying. */
static uint32_t worth_taking(const struct pool *pool) {
    uint32_t share = pool->capacity / 32u, few = pool->capacity / 8u;
    if (few > 8)
        few = 8;
    return share > few ? share : few;
}

/* The oldest partial pool worth a refill. */
static struct pool *take_partial(struct heap *heap, uint32_t size_class, bool any) {
    struct pool_list *list = &heap->partial[size_class];
    const struct pool *newest = list->last;
    for (int tries = 0; list->first != NULL && tries < 16; tries++) {
        struct pool *pool = list->first;
        list_remove(list, pool);
        if (any || pool_free_blocks(pool) >= worth_taking(pool) || pool->carved < pool->capacity) {
            if (pool_used(pool) == 0 && !pool_coarse(pool))
                block_list_sort(pool);
            return pool;
        }
        list_append(list, pool);
        if (pool == newest)
            break;
    }
    return NULL;
}

static void collect_any(struct heap *heap) {
    if (atomic_load_explicit(&heap->mail, memory_order_relaxed) != NULL)
        heap_collect(heap);
}

/* After a look into the mail. */
static struct pool *next_pool(struct heap *heap, uint32_t size_class, bool own) {
    struct pool *pool = take_partial(heap, size_class, false);
    if (pool == NULL && !own)
        pool = slot_borrow(heap, size_class);
    if (pool == NULL)
        pool = new_pool(heap, size_class);
    if (pool == NULL)
        pool = take_partial(heap, size_class, true);
    if (pool == NULL && heap_give_all(heap))
        pool = new_pool(heap, size_class);
    return pool;
}

bool heap_give_all(struct heap *heap) {
    if (heap != NULL)
        heap_give_back(heap, 0);
    bool arenas = arena_purge(0);
    return large_purge(0) || arenas || heap != NULL;
}

static void make_current(struct heap *heap, struct pool *pool) {
    slot_set(heap, pool->size_class, pool);
    count_refill(heap, pool);
}

/* Puts the next pool into the slot. */
static bool set_current(struct heap *heap, uint32_t size_class, bool own) {
    collect_any(heap);
    struct pool *pool = next_pool(heap, size_class, own);
    if (pool == NULL)
        return false;
    if (pool->size_class == size_class)
        make_current(heap, pool);
    else
        slot_set(heap, size_class, pool);
    return true;
}

/* The current pool's list ran out: look into its mail, cut more, collect, or let it go. */
static void list_ran_out(struct heap *heap, struct pool *pool) {
    uint32_t came = block_list_take_most(pool);
    heap->mail_blocks += came;
    if (came == 0 && carve(heap, pool) == 0)
        collect_any(heap);
    if (!block_list_empty(pool)) {
        count_refill(heap, pool);
        return;
    }
    becomes_full(heap, pool);
    /* The next one at once if there is one, which spares another slow path. */
    struct pool *next = take_partial(heap, pool->size_class, false);
    if (next != NULL)
        make_current(heap, next);
    else
        slot_set(heap, pool->size_class, &pool_none);
}

static void *pop_last(struct pool *pool) {
    struct link *head = link_at(pool, (uint16_t)pool->top);
    if (head->mark != MARK_LAST)
        misuse(MISUSE_CORRUPT_LINK, head, "malloc");
    return block_list_pop_last(pool);
}

static void *take_current(struct heap *heap, uint32_t size_class) {
    struct pool *pool = heap->thread->slot[size_class];
    void *block = pool_pop(pool);
    if (block != NULL)
        return block;
    block = pop_last(pool);
    list_ran_out(heap, pool);
    return block;
}

/* Of a coarse class that had no spares: what others freed may be some. */
static void *take_coarse(struct heap *heap, uint32_t size_class) {
    uint32_t row = spare_row(size_class);
    collect_any(heap);
    void *block = spare_pop(heap, row, 0);
    if (block != NULL)
        return block;
    struct pool *pool = next_pool(heap, size_class, true);
    if (pool == NULL)
        return NULL;
    count_refill(heap, pool);
    coarse_spread(heap, pool);
    return spare_pop(heap, row, 0);
}

/* `own`: not from a borrowed pool. */
static void *take_block(struct heap *heap, uint32_t size_class, bool own) {
    if (size_class >= FINE_CLASSES)
        return take_coarse(heap, size_class);
    struct pool *pool = heap->thread->slot[size_class];
    if (own && pool->size_class != size_class)
        slot_set(heap, size_class, pool = &pool_none);
    if (pool == &pool_none && !set_current(heap, size_class, own))
        return NULL;
    return take_current(heap, size_class);
}

static NOINLINE void *refill(uint32_t size_class, bool own) {
    struct heap *heap = self.heap != NULL ? self.heap : registry_attach();
    if (heap == NULL)
        return out_of_memory();
    void *block = take_block(heap, slot_source(heap, size_class), own);
    heap_check(heap);
    tick();
    return block != NULL ? block : out_of_memory();
}

static NOINLINE void *alloc_fine(uint32_t size_class) {
    void *block = pool_pop(self.slot[size_class]);
    return block != NULL ? block : refill(size_class, false);
}

static inline void *pop_spare(uint32_t size_class, size_t size) {
    struct heap *heap = self.heap;
    return heap != NULL ? spare_pop(heap, spare_row(heap->source[size_class]), size) : NULL;
}

/* Beyond the table of classes. */
static NOINLINE void *alloc_long(size_t size) {
    if (size > RUN_MAX)
        return big_alloc(size);
    void *run = pop_spare(class_of_run(size), size);
    return LIKELY(run != NULL) ? run : big_alloc_slow(size, false);
}

/* (Apart, so that the class need not be remembered.) */
static NOINLINE void *alloc_no_spare(size_t size) {
    uint32_t size_class = class_of(size);
    return size_class < RUN_CLASS ? refill(size_class, false) : big_alloc_slow(size, false);
}

void *heap_alloc_above(size_t size, size_t units) {
    if (UNLIKELY(size > CLASS_TABLE_MAX))
        return alloc_long(size);
    void *block = pop_spare(class_by_units[units], size);
    return LIKELY(block != NULL) ? block : alloc_no_spare(size);
}

void *heap_alloc_slow(size_t size) {
    if (size <= FINE_MAX)
        return alloc_fine(class_of(size));
    return heap_alloc_above(size, heap_units(size));
}

void *heap_alloc_class(uint32_t size_class, size_t align) {
    void *block;
    if (size_class >= FINE_CLASSES) {
        block = pop_spare(size_class, 0);
    } else {
        struct pool *pool = self.slot[size_class];
        block = (pool->block_size & (align - 1)) == 0 ? pool_pop(pool) : NULL;
    }
    return LIKELY(block != NULL) ? block : refill(size_class, true);
}
