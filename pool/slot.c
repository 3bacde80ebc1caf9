#include "slot.h"

#include "block_list.h"
#include "heap_slow.h"
#include "list.h"

static void set_source(struct heap *heap, uint32_t size_class, uint32_t source) {
    uint32_t before = heap->source[size_class];
    heap->serves[before] &= ~(1u << (before - size_class));
    heap->serves[source] |= 1u << (source - size_class);
    heap->source[size_class] = (uint8_t)source;
}

void slot_start(struct heap *heap) {
    for (uint32_t c = 0; c < class_count; c++) {
        heap->source[c] = (uint8_t)c;
        heap->serves[c] = heap->lent_to[c] = heap->wanted[c] = 0;
    }
    for (uint32_t run = RUN_CLASS; run < FINE_CLASSES + SPARE_ROWS; run++)
        heap->source[run] = (uint8_t)run;
    for (uint32_t c = 0; c < class_count; c++) {
        uint32_t own = class_own(c);
        set_source(heap, c, heap->partial[own].first != NULL ? own : group_end(c));
    }
}

/* A class for which memory was touched so often gets pools of its own. (Running out of what goes
 * round, through other threads too, is no reason: a heap of 44 classes would touch 44 pools.) */
#define WANTED 5

void slot_grew(struct heap *heap) {
    if (heap->wanted[heap->asks] < WANTED)
        heap->wanted[heap->asks]++;
}

uint32_t slot_source(struct heap *heap, uint32_t size_class) {
    uint32_t source = heap->source[size_class], own = class_own(size_class);
    heap->asks = size_class;
    if (source == own || heap->wanted[size_class] < WANTED)
        return source;
    /* What these slots hold is a pool of the group's or a borrowed one: in its own slot as well. */
    for (uint32_t c = own; class_own(c) == own; c--) {
        heap->thread->slot[c] = &pool_none;
        set_source(heap, c, own);
    }
    return own;
}

static void end_loan(struct heap *heap, uint32_t size_class, const struct pool *pool) {
    struct pool **slot = heap->thread->slot;
    for (uint32_t c = size_class - 1; c >= heap->lent_to[size_class]; c--)
        if (slot[c] == pool)
            slot[c] = &pool_none;
    heap->lent_to[size_class] = 0;
}

void slot_set(struct heap *heap, uint32_t size_class, struct pool *pool) {
    struct pool **slot = heap->thread->slot, *old = slot[size_class];
    for (uint32_t map = heap->serves[size_class]; map != 0; map &= map - 1)
        slot[size_class - (uint32_t)__builtin_ctz(map)] = pool;
    if (heap->lent_to[size_class] != 0)
        end_loan(heap, size_class, old);
}

/* A class about to touch new memory takes what lies free in larger classes first: blocks up to half
 * as large again, if they come to two memory pages. Only blocks that came back count: those that
 * were cut and never used belong to a class that grows, and borrowing from it would go on for ever
 * at the price of the difference in size. */
#define LEND_LEAST 8192

static bool can_lend(const struct pool *pool, uint32_t most, uint32_t unused) {
    uint32_t free = pool_free_blocks(pool);
    return pool->block_size <= most && free > unused && free * pool->block_size >= LEND_LEAST;
}

uint32_t slot_count_refill(struct heap *heap, const struct pool *pool) {
    struct class_count *count = &heap->count[pool->size_class];
    uint32_t blocks = pool_free_blocks(pool);
    count->refills++;
    count->refilled += blocks;
    return blocks;
}

static struct pool *lend(struct heap *heap, struct pool *pool, uint32_t to) {
    uint32_t lowest = to + 1 - group_reach(to), before = heap->lent_to[pool->size_class];
    if (before == 0 || before > lowest)
        heap->lent_to[pool->size_class] = (uint8_t)lowest;
    return pool;
}

/* The pool of the class that may lend, made current; NULL: none. */
static struct pool *lender(struct heap *heap, uint32_t size_class, uint32_t most) {
    struct pool *pool = heap->thread->slot[size_class], *partial = heap->partial[size_class].first;
    bool none = pool == &pool_none;
    if (!none && pool->size_class != size_class)
        return NULL;
    if (!none && can_lend(pool, most, heap->count[size_class].list))
        return pool;
    if (partial == NULL || !can_lend(partial, most, 0))
        return NULL;
    list_remove(&heap->partial[size_class], partial);
    if (!none)
        list_append(&heap->partial[size_class], pool);
    slot_set(heap, size_class, partial);
    slot_count_refill(heap, partial);
    return partial;
}

struct pool *slot_borrow(struct heap *heap, uint32_t size_class) {
    uint32_t most = class_size(size_class) / 2 * 3;
    for (uint32_t c = size_class + 1; c < FINE_CLASSES && class_size(c) <= most; c++) {
        struct pool *pool = heap->source[c] == c ? lender(heap, c, most) : NULL;
        if (pool != NULL)
            return lend(heap, pool, size_class);
    }
    return NULL;
}

void slot_clear(struct heap *heap, struct thread *thread) {
    for (uint32_t c = 1; c < class_count; c++) {
        struct pool *pool = thread->slot[c];
        thread->slot[c] = &pool_none;
        if (pool != &pool_none && pool->size_class == c)
            list_append(&heap->partial[c], pool);
    }
}
