#include "heap_slow.h"

#include "arena.h"
#include "big.h"
#include "block_list.h"
#include "large.h"
#include "list.h"
#include "misuse.h"
#include "os.h"
#include "registry.h"
#include "root.h"
#include "tick.h"

/* What a slot without a pool holds: its only "block" never carries MARK. */
static const struct link no_block;
HIDDEN struct pool pool_none = {.origin = (char *)&no_block};

_Thread_local struct thread self = {.slot = {[0 ... CLASS_MAX - 1] = &pool_none}};

/* Sets the pool that `size_class` and those it serves allocate from. */
static void set_slots(struct heap *heap, uint32_t size_class, struct pool *pool) {
    uint32_t low = size_class - group_reach(size_class);
    for (uint32_t c = size_class; c > low; c--)
        if (heap->source[c] == size_class)
            heap->thread->slot[c] = pool;
}

void heap_start(struct heap *heap) {
    for (uint32_t c = 0; c < class_count; c++) {
        heap->source[c] = (uint8_t)group_end(c);
        heap->wanted[c] = 0;
    }
}

/* A class for which memory was touched so often gets pools of its own. (Running out of what goes
 * round, through other threads too, is no reason: a heap of 44 classes would touch 44 pools.) */
#define WANTED 3

static uint32_t source_of(struct heap *heap, uint32_t size_class) {
    uint32_t source = heap->source[size_class];
    heap->asks = size_class;
    if (source == size_class || heap->wanted[size_class] < WANTED)
        return source;
    /* Above PAIRED_ABOVE that is the even class, for both of a pair. */
    uint32_t own = class_of(class_size(size_class));
    heap->thread->slot[size_class] = heap->thread->slot[own];
    if (heap->source[own] != own)
        heap->thread->slot[own] = heap->thread->slot[size_class] = &pool_none;
    heap->source[size_class] = heap->source[own] = (uint8_t)own;
    return own;
}

/* So much may rest even while new memory is taken: pools that go round quickly. */
#define REST_LEAST ((uint32_t)32 << 10)

/* Resting pools: how much memory all of a heap's may hold. Many heaps share the amount. */
static uint32_t rest_limit(void) {
    uint32_t heaps = libpool_root.heap_count, limit = ((uint32_t)512 << 10) / (heaps + 1) * 2;
    return limit > (uint32_t)32 << 10 ? limit : (uint32_t)32 << 10;
}

static void unrest(struct heap *heap, struct pool *pool) {
    if (!pool->resting)
        return;
    heap->rest[pool->rest_index] = NULL;
    heap->rest_bytes -= pool->rest_bytes;
    pool->resting = 0;
    pool->top -= QUOTA_ONE;
}

static void give_back(struct heap *heap, struct pool *pool) {
    pool->bound = 0;
    heap->count[pool->size_class].pools--;
    arena_return(pool, 1);
}

/* The resting pool had its time: back it goes if it is still empty. */
static void end_rest(struct heap *heap, struct pool *pool) {
    unrest(heap, pool);
    if (pool_used(pool) != 0)
        return;
    if (heap->thread != NULL && heap->thread->slot[pool->size_class] == pool)
        set_slots(heap, pool->size_class, &pool_none);
    else
        list_remove(&heap->partial[pool->size_class], pool);
    give_back(heap, pool);
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

/* Ends the oldest rests until at most `keep` bytes rest. */
static void limit_rest(struct heap *heap, uint32_t keep) {
    struct pool *oldest;
    while (heap->rest_bytes > keep && (oldest = oldest_resting(heap)) != NULL)
        end_rest(heap, oldest);
}

static void rest(struct heap *heap, struct pool *pool) {
    uint32_t bytes = pool->carved * pool->block_size, limit = rest_limit();
    limit_rest(heap, bytes < limit ? limit - bytes : 0);
    uint32_t index = heap->rest_next % REST_MAX;
    if (heap->rest[index] != NULL)
        end_rest(heap, heap->rest[index]);
    heap->rest_next++;
    heap->rest[index] = pool;
    heap->rest_bytes += bytes;
    pool->rest_index = index;
    pool->rest_bytes = bytes;
    pool->resting = 1;
    pool->top += QUOTA_ONE;
}

void heap_give_back(struct heap *heap, uint32_t keep) {
    big_give_back(heap);
    limit_rest(heap, keep);
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
        rest(heap, pool);
}

/* Cuts blocks from the rest of the pool; how many. Cutting writes into each block, so untouched
 * memory is cut a memory page at a time, until the class has proved to grow; memory that is
 * resident, whole. */
static uint32_t carve(struct heap *heap, struct pool *pool) {
    uint32_t size = pool->block_size, at = pool->carved * size;
    uint32_t touched = pool->touched * (uint32_t)OS_PAGE;
    if (at + size <= touched)
        return block_list_carve(pool, (touched - at) / size);
    uint32_t step = heap->count[pool->size_class].pools > 1 ? 16384 : 4096;
    uint32_t end = (at + step) & ~(step - 1), count = (end - at) / size;
    count = block_list_carve(pool, count > 0 ? count : 1);
    if (count > 0 && heap->wanted[heap->asks] < WANTED)
        heap->wanted[heap->asks]++;
    return count;
}

static uint32_t free_blocks(const struct pool *pool) {
    return pool->carved - pool_used(pool);
}

static void count_refill(struct heap *heap, const struct pool *pool) {
    heap->count[pool->size_class].refills++;
    heap->count[pool->size_class].refilled += free_blocks(pool);
}

/* The current pool's list ran out: look into its mail, cut more, collect, or let it go. */
static void list_ran_out(struct heap *heap, struct pool *pool) {
    uint32_t came = block_list_take_most(pool);
    heap->mail_blocks += came;
    if (came == 0 && carve(heap, pool) == 0 &&
        atomic_load_explicit(&heap->mail, memory_order_relaxed) != NULL)
        heap_collect(heap);
    if (!block_list_empty(pool)) {
        count_refill(heap, pool);
        return;
    }
    unrest(heap, pool);
    pool->bound = 0;
    pool->state = POOL_FULL;
    set_slots(heap, pool->size_class, &pool_none);
}

/* Before memory is touched for the first time, what this heap keeps for later is used up: it is
 * resident, and a first touch costs more than all of this. */
static void use_up_kept(struct heap *heap) {
    if (arena_has_warm())
        return;
    if (heap->big_bytes > 0)
        big_give_back(heap);
    else if (heap->rest_bytes > REST_LEAST)
        limit_rest(heap, heap->rest_bytes - 1);
}

static struct pool *new_pool(struct heap *heap, uint32_t size_class) {
    use_up_kept(heap);
    struct pool *pool = arena_take(1, false);
    if (pool == NULL)
        return NULL;
    block_list_start(pool, heap, size_class);
    heap->count[size_class].pools++;
    carve(heap, pool);
    __atomic_store_n(&pool->state, POOL_USED, __ATOMIC_RELEASE);
    return pool;
}

/* The oldest partial pool worth a refill. One with less than 1/32 free is left to gather more, or
 * a full heap with random frees would come here for every block; that bounds what is left lying
 * at 3 %. */
static struct pool *take_partial(struct heap *heap, uint32_t size_class, bool any) {
    struct pool_list *list = &heap->partial[size_class];
    struct pool *pool = list->first;
    for (int tries = 0; pool != NULL && tries < 3; tries++) {
        list_remove(list, pool);
        if (any || free_blocks(pool) >= pool->capacity / 32u || pool->carved < pool->capacity)
            return pool;
        list_append(list, pool);
        pool = list->first;
    }
    return NULL;
}

static struct pool *next_pool(struct heap *heap, uint32_t size_class) {
    if (atomic_load_explicit(&heap->mail, memory_order_relaxed) != NULL)
        heap_collect(heap);
    struct pool *pool = take_partial(heap, size_class, false);
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

/* Puts the next pool into the slot. */
static bool set_current(struct heap *heap, uint32_t size_class) {
    struct pool *pool = next_pool(heap, size_class);
    if (pool == NULL)
        return false;
    if (pool_used(pool) == 0)
        block_list_sort(pool);
    set_slots(heap, size_class, pool);
    count_refill(heap, pool);
    return true;
}

static void *take_block(struct heap *heap, uint32_t size_class) {
    struct pool *pool = heap->thread->slot[size_class];
    if (pool == &pool_none) {
        if (!set_current(heap, size_class))
            return NULL;
        pool = heap->thread->slot[size_class];
    }
    void *block = pool_pop(pool);
    if (block != NULL)
        return block;
    struct link *head = link_at(pool, (uint16_t)pool->top);
    if (head->mark != MARK_LAST)
        misuse(MISUSE_CORRUPT_LINK, head, "malloc");
    block = block_list_pop_last(pool);
    list_ran_out(heap, pool);
    return block;
}

void *heap_refill(uint32_t size_class) {
    struct heap *heap = self.heap != NULL ? self.heap : registry_attach();
    if (heap == NULL)
        return NULL;
    heap_enter(heap);
    void *block = take_block(heap, source_of(heap, size_class));
    heap_check(heap);
    heap_leave(heap);
    tick();
    return block;
}

void *heap_alloc_slow(size_t size) {
    void *block = NULL;
    if (size <= SMALL_MAX) {
        uint32_t size_class = class_of(size);
        block = pool_pop(self.slot[size_class]);
        if (block == NULL)
            block = heap_refill(size_class);
    } else {
        block = big_alloc(size, false);
    }
    return block != NULL ? block : out_of_memory();
}

void heap_clear_slots(struct heap *heap, struct thread *thread) {
    for (uint32_t c = 1; c < class_count; c++) {
        struct pool *pool = thread->slot[c];
        thread->slot[c] = &pool_none;
        if (pool != &pool_none && pool->size_class == c)
            list_append(&heap->partial[c], pool);
    }
}
