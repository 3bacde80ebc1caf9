/* A pool's list of free blocks, slow side: cut new blocks, take the last one, put blocks back,
 * walk. Fast side: pool_pop and heap_free in heap.h. Only the pool's owner may call these, except
 * block_list_has. */
#ifndef POOL_BLOCK_LIST_H
#define POOL_BLOCK_LIST_H

#include "heap.h"
#include "record.h"

static inline uint64_t mail_of_one(uint64_t link) {
    return link << 32 | MAIL_ONE | link;
}

static inline uint16_t mail_last(uint64_t mail) {
    return (uint16_t)(mail >> 32);
}

/* More than 1/32 of the pool: fewer are left to gather. */
static inline bool mail_worth_taking(const struct pool *pool) {
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_relaxed);
    return mail_count(mail) > 1 + pool->capacity / 32u;
}

static inline bool block_list_empty(const struct pool *pool) {
    return (uint16_t)pool->top == NO_HEAD;
}

/* Makes `pool` a pool of `size_class` of `heap`, nothing carved, not armed. */
void block_list_start(struct pool *pool, struct heap *heap, uint32_t size_class);
/* Arms the free fast path for the blocks carved so far. */
static inline void block_list_arm(struct pool *pool) {
    pool->bound = class_bound(pool->block_size, pool->mult, pool->carved);
}
/* Puts up to `count` new blocks on the empty list; how many there were. */
uint32_t block_list_carve(struct pool *pool, uint32_t count);
/* Puts the list of a pool without used blocks back into the order of addresses: the order of frees
 * would cost a cache miss for each block, this is prefetched. */
void block_list_sort(struct pool *pool);
/* Takes the last block of the list, whose mark is MARK_LAST. */
static inline void *block_list_pop_last(struct pool *pool) {
    struct link *block = link_at(pool, (uint16_t)pool->top);
    pool->top = top_with_head(pool->top + QUOTA_ONE, NO_HEAD);
    block->mark = 0;
    return block;
}
/* Puts a used block back: checked by the caller. */
static inline void block_list_push(struct pool *pool, void *block) {
    bool last = block_list_empty(pool);
    *(struct link *)block =
        (struct link){.next = (uint16_t)pool->top, .mark = last ? MARK_LAST : MARK};
    pool->top = top_with_head(pool->top - QUOTA_ONE, link_to(block));
}
/* Is that block on the list of `pool`, or in its mail? Safe from any thread, then only exact when
 * the owner is at rest. */
bool block_list_has(const struct pool *pool, const void *block);
/* Blocks on the list, at most `carved`: links out of the pool end the count. */
uint32_t block_list_length(const struct pool *pool);
/* Takes the mail whole, and asks for the block that block_list_join will look at. */
uint64_t block_list_take(struct pool *pool);
/* Puts it in front of the list; the number of blocks. */
uint32_t block_list_join(struct pool *pool, uint64_t mail);
/* Both for a pool that may be on heap.mail, if there is enough to be worth it: its newest block
 * stays, so that the pool is not put there again. */
uint32_t block_list_take_most(struct pool *pool);
/* A fork in the middle of that leaves the one that stays with a link to the others. */
void block_list_mend_mail(struct pool *pool);

#endif
