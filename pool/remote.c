#include "remote.h"

#include "block_list.h"
#include "coarse.h"
#include "heap_slow.h"
#include "misuse.h"
#include "reclaim.h"
#include "registry.h"

#define LETTERS 16 /* opened before they are filed */

/* Acquire: one that comes after the owner's last look at its mail sees that its thread has ended.
 */
void remote_push_pools(struct heap *heap, const struct mail_chain *chain) {
    if (chain->count == 0)
        return;
    struct pool *first = atomic_load_explicit(&heap->mail, memory_order_relaxed);
    do {
        chain->last->mail_next = first;
    } while (!atomic_compare_exchange_weak_explicit(&heap->mail, &first, chain->first,
                                                    memory_order_acq_rel, memory_order_relaxed));
    /* Lost additions do not matter. */
    uint32_t waiting = atomic_load_explicit(&heap->waiting, memory_order_relaxed);
    atomic_store_explicit(&heap->waiting, waiting + chain->count, memory_order_relaxed);
}

struct pool *remote_take_pools(struct heap *heap) {
    /* First, so that what comes from now on is counted; what is counted and taken does no harm. */
    atomic_store_explicit(&heap->waiting, 0, memory_order_relaxed);
    atomic_store_explicit(&heap->done, 0, memory_order_relaxed);
    return atomic_exchange_explicit(&heap->mail, NULL, memory_order_acq_rel);
}

static uint32_t push_block(struct pool *pool, struct link *block) {
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_relaxed), with,
             here = link_to(block);
    do {
        bool first = mail_count(mail) == 0;
        block->next = first ? NO_HEAD : (uint16_t)mail;
        block->mark = first ? MARK_LAST : MARK;
        with = first ? mail_of_one(here) : (mail & ~(uint64_t)0xffff) + MAIL_ONE + here;
    } while (!atomic_compare_exchange_weak_explicit(&pool->mail, &mail, with, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return mail_count(mail);
}

/* The same where each block has a bit: it is not looked at. */
static uint32_t push_bit(struct pool *pool, const void *p) {
    uint32_t bit = class_coarse_bit(p);
    uint64_t mail = atomic_fetch_or_explicit(&pool->mail, bit, memory_order_acq_rel);
    if ((mail & bit) != 0)
        misuse(MISUSE_DOUBLE_FREE, p, "free");
    return bits_set(mail);
}

/* All blocks of a full pool. (Of one that is not full the owner may be cutting more: reclaim_note
 * is then told of it once too often, or not at all. It counts about.) */
static RACY uint32_t carved(const struct pool *pool) {
    return pool->carved;
}

void remote_free(struct pool *pool, void *p) {
    struct heap *heap = pool->heap;
    uint32_t all = carved(pool);
    uint32_t before = pool_coarse(pool) ? push_bit(pool, p) : push_block(pool, p);
    if (before == 0)
        remote_push_pools(heap, &(struct mail_chain){pool, pool, 1});
    /* Nobody is there to collect for a heap whose thread has ended. */
    if (atomic_load_explicit(&heap->state, memory_order_relaxed) == HEAP_ABANDONED)
        registry_collect(heap, pool);
    else if (before + 1 == all)
        reclaim_note(heap);
}

/* Mail that was taken out of its pool. */
struct letter {
    struct pool *pool;
    uint64_t mail;
};

/* Takes the mail of so many pools, from this one on; the one after them. What is read of them was
 * last written by other processors: it is asked for ahead, so that it comes while others are
 * worked on, and at once for writing. */
static struct pool *open_letters(struct heap *heap, struct pool *pool, struct letter *letters,
                                 uint32_t *count) {
    for (*count = 0; pool != NULL && *count < LETTERS;) {
        struct pool *next = pool->mail_next;
        if (next != NULL)
            prefetch_to_write(next);
        if (pool_coarse(pool))
            heap->mail_blocks += coarse_collect(heap, pool);
        else
            letters[(*count)++] = (struct letter){pool, block_list_take(pool)};
        pool = next;
    }
    return pool;
}

static void file_letter(struct heap *heap, const struct letter *letter) {
    heap->mail_blocks += block_list_join(letter->pool, letter->mail);
    if (!block_list_empty(letter->pool))
        heap_pool_gained(heap, letter->pool);
}

void heap_collect(struct heap *heap) {
    struct letter letters[LETTERS];
    uint32_t count;
    struct pool *pool = remote_take_pools(heap);
    while (pool != NULL) {
        pool = open_letters(heap, pool, letters, &count);
        for (uint32_t i = 0; i < count; i++)
            file_letter(heap, &letters[i]);
    }
}
