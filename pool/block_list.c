#include "block_list.h"

#include "misuse.h"

void block_list_start(struct pool *pool, struct heap *heap, uint32_t size_class) {
    uint32_t size = class_size(size_class);
    pool->heap = heap;
    pool->key = -((uintptr_t)pool->base + heap->id);
    pool->block_size = size;
    pool->mult = class_mult(size);
    pool->bound = 0;
    pool->size_class = (uint8_t)size_class;
    pool->capacity = (uint16_t)(POOL_BYTES / size);
    pool->carved = 0;
    pool->resting = 0;
    pool->top = (0u - QUOTA_ONE) | NO_HEAD;
    pool->next = pool->prev = NULL;
    atomic_store_explicit(&pool->mail, 0, memory_order_relaxed);
}

void block_list_arm(struct pool *pool) {
    pool->bound = class_bound(pool->block_size, pool->mult, pool->carved);
}

uint32_t block_list_carve(struct pool *pool, uint32_t count) {
    uint32_t left = pool->capacity - pool->carved;
    if (count > left)
        count = left;
    if (count == 0)
        return 0;
    uint32_t size = pool->block_size, first = pool->carved * size, offset = first;
    for (uint32_t i = 1; i < count; i++, offset += size)
        *link_at(pool, offset) = (struct link){.next = (uint16_t)(offset + size), .mark = MARK};
    *link_at(pool, offset) = (struct link){.next = NO_HEAD, .mark = MARK_LAST};
    /* In this order: a fork in between loses blocks, never finds one beyond `carved`. */
    pool->carved = (uint16_t)(pool->carved + count);
    atomic_signal_fence(memory_order_seq_cst);
    pool->top = top_with_head(pool->top, (uint16_t)first);
    block_list_arm(pool);
    return count;
}

void *block_list_pop_last(struct pool *pool) {
    struct link *block = link_at(pool, (uint16_t)pool->top);
    pool->top = top_with_head(pool->top + QUOTA_ONE, NO_HEAD);
    block->mark = 0;
    return block;
}

void block_list_push(struct pool *pool, uint32_t offset) {
    bool last = block_list_empty(pool);
    *link_at(pool, offset) =
        (struct link){.next = (uint16_t)pool->top, .mark = last ? MARK_LAST : MARK};
    pool->top = top_with_head(pool->top - QUOTA_ONE, (uint16_t)offset);
}

/* Follows links for as many steps as there can be blocks; offsets cannot leave the pool. */
static bool walk_finds(const struct pool *pool, uint32_t head, uint32_t count, uint32_t offset) {
    while (count-- > 0 && head <= POOL_BYTES - MIN_ALIGN) {
        if (head == offset)
            return true;
        head = link_at(pool, head)->next;
    }
    return false;
}

bool block_list_has(const struct pool *pool, uint32_t offset) {
    uint32_t mail = atomic_load_explicit(&pool->mail, memory_order_acquire);
    return walk_finds(pool, (uint16_t)pool->top, pool->carved, offset) ||
           walk_finds(pool, mail & 0xffff, mail >> 16, offset);
}

uint32_t block_list_take_mail(struct pool *pool) {
    uint32_t mail = atomic_exchange_explicit(&pool->mail, 0, memory_order_acquire);
    uint32_t count = mail >> 16, first = mail & 0xffff, offset = first;
    if (count == 0)
        return 0;
    for (uint32_t i = 1;; i++) {
        struct link *link = link_at(pool, offset);
        if (link->mark != MARK)
            misuse(MISUSE_CORRUPT_LINK, link, "free");
        if (i == count)
            break;
        offset = link->next;
    }
    bool last = block_list_empty(pool);
    *link_at(pool, offset) =
        (struct link){.next = (uint16_t)pool->top, .mark = last ? MARK_LAST : MARK};
    pool->top = top_with_head(pool->top - count * QUOTA_ONE, (uint16_t)first);
    return count;
}
