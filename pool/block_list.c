#include "block_list.h"

#include "misuse.h"
#include "os.h"

void block_list_start(struct pool *pool, struct heap *heap, uint32_t size_class) {
    uint32_t size = class_size(size_class);
    pool->heap = heap;
    pool->origin = (char *)((uintptr_t)pool->base & ~(uintptr_t)0xffff);
    pool->key = -((uintptr_t)pool->base + heap->id);
    pool->block_size = size;
    pool->mult = class_mult(size);
    pool->bound = 0;
    pool->size_class = (uint8_t)size_class;
    pool->capacity = (uint16_t)(POOL_BYTES / size);
    pool->carved = 0;
    pool->held = 0;
    pool->resting = 0;
    pool->top = (0u - QUOTA_ONE) | NO_HEAD;
    pool->next = pool->prev = NULL;
    atomic_store_explicit(&pool->mail, 0, memory_order_relaxed);
}

uint32_t block_list_carve(struct pool *pool, uint32_t count) {
    uint32_t left = pool->capacity - pool->carved;
    if (count > left)
        count = left;
    if (count == 0)
        return 0;
    uint32_t size = pool->block_size;
    char *first = pool->base + pool->carved * size, *block = first;
    for (uint32_t i = 1; i < count; i++, block += size)
        *(struct link *)block = (struct link){.next = link_to(block + size), .mark = MARK};
    *(struct link *)block = (struct link){.next = NO_HEAD, .mark = MARK_LAST};
    /* In this order: a fork in between loses blocks, never finds one beyond `carved`. */
    pool->carved = (uint16_t)(pool->carved + count);
    uint32_t pages = (uint32_t)(os_round((size_t)pool->carved * size) / OS_PAGE);
    if (pages > pool->touched)
        pool->touched = (uint8_t)pages;
    atomic_signal_fence(memory_order_seq_cst);
    pool->top = top_with_head(pool->top, link_to(first));
    block_list_arm(pool);
    return count;
}

void block_list_sort(struct pool *pool) {
    uint32_t count = pool->carved;
    /* In this order: a fork in between finds an empty list of a pool to be cut anew, never a list
     * half rewritten. */
    pool->top = top_with_head(pool->top, NO_HEAD);
    atomic_signal_fence(memory_order_seq_cst);
    pool->carved = 0;
    atomic_signal_fence(memory_order_seq_cst);
    block_list_carve(pool, count);
}

/* Follows links for at most `most` steps and never out of the pool or to
 * where no block can start. Stops at `block`, returning
 * -1, else returns how many blocks there were. */
static RACY int walk(const struct pool *pool, uint16_t link, uint32_t most, const void *block) {
    for (uint32_t i = 0; i < most; i++) {
        const struct link *at = link_at(pool, link);
        size_t offset = (uintptr_t)at - (uintptr_t)pool->base;
        if (offset > POOL_BYTES - sizeof *at || offset % MIN_ALIGN != 0)
            return (int)i;
        if (at == block)
            return -1;
        link = at->next;
    }
    return (int)most;
}

uint32_t block_list_length(const struct pool *pool) {
    return (uint32_t)walk(pool, (uint16_t)pool->top, pool->carved, NULL);
}

RACY bool block_list_has(const struct pool *pool, const void *block) {
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_acquire);
    return walk(pool, (uint16_t)pool->top, pool->carved, block) < 0 ||
           walk(pool, (uint16_t)mail, mail_count(mail), block) < 0;
}

/* Blocks out of the mail go in front of the list. */
static void join(struct pool *pool, uint16_t head, uint16_t end, uint32_t count) {
    if (!block_list_empty(pool)) {
        struct link *last = link_at(pool, end);
        if (last->mark != MARK_LAST)
            misuse(MISUSE_CORRUPT_LINK, last, "malloc");
        *last = (struct link){.next = (uint16_t)pool->top, .mark = MARK};
    }
    pool->top = top_with_head(pool->top - count * QUOTA_ONE, head);
}

uint64_t block_list_take(struct pool *pool) {
    /* Release: whoever finds the mail empty then writes mail_next, which was read before this. */
    uint64_t mail = atomic_exchange_explicit(&pool->mail, 0, memory_order_acq_rel);
    if (!block_list_empty(pool))
        prefetch_to_write(link_at(pool, mail_last(mail)));
    return mail;
}

uint32_t block_list_join(struct pool *pool, uint64_t mail) {
    uint32_t count = mail_count(mail);
    if (count > 0)
        join(pool, (uint16_t)mail, mail_last(mail), count);
    return count;
}

uint32_t block_list_take_most(struct pool *pool) {
    if (!mail_worth_taking(pool))
        return 0;
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_acquire), one;
    struct link *newest, was;
    do {
        newest = link_at(pool, (uint16_t)mail);
        was = *newest;
        one = mail_of_one(link_to(newest));
    } while (!atomic_compare_exchange_weak_explicit(&pool->mail, &mail, one, memory_order_acq_rel,
                                                    memory_order_acquire));
    if (was.mark != MARK)
        misuse(MISUSE_CORRUPT_LINK, newest, "malloc");
    *newest = (struct link){.next = NO_HEAD, .mark = MARK_LAST};
    join(pool, was.next, mail_last(mail), mail_count(mail) - 1);
    return mail_count(mail) - 1;
}

void block_list_mend_mail(struct pool *pool) {
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_acquire);
    if (mail_count(mail) > 0)
        *link_at(pool, mail_last(mail)) = (struct link){.next = NO_HEAD, .mark = MARK_LAST};
}
