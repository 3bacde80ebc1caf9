#include "remote.h"

#include "block_list.h"
#include "heap_slow.h"
#include "registry.h"

static void push_pool(struct heap *heap, struct pool *pool) {
    struct pool *first = atomic_load_explicit(&heap->mail, memory_order_relaxed);
    do {
        pool->mail_next = first;
    } while (!atomic_compare_exchange_weak_explicit(&heap->mail, &first, pool,
                                                    memory_order_release, memory_order_relaxed));
}

void remote_free(struct pool *pool, void *p, uint32_t offset) {
    struct link *block = p;
    struct heap *heap = pool->heap;
    uint32_t mail = atomic_load_explicit(&pool->mail, memory_order_relaxed);
    block->mark = MARK;
    do {
        block->next = (uint16_t)mail;
    } while (!atomic_compare_exchange_weak_explicit(
        &pool->mail, &mail, ((mail & 0xffff0000u) + QUOTA_ONE) | offset, memory_order_release,
        memory_order_relaxed));
    if (mail >> 16 == 0)
        push_pool(heap, pool);
    /* Nobody is there to collect for a heap whose thread has ended. */
    if (atomic_load_explicit(&heap->state, memory_order_relaxed) == HEAP_ABANDONED)
        registry_collect(heap, pool);
}

static void collect_pool(struct heap *heap, struct pool *pool) {
    heap->mail_blocks += block_list_take_mail(pool);
    if (block_list_empty(pool))
        return;
    if (pool->state == POOL_FULL)
        heap_pool_reopened(heap, pool);
    if (pool_used(pool) == 0)
        heap_pool_emptied(heap, pool);
}

void heap_collect(struct heap *heap) {
    struct pool *pool = atomic_exchange_explicit(&heap->mail, NULL, memory_order_acquire);
    while (pool != NULL) {
        struct pool *next = pool->mail_next;
        collect_pool(heap, pool);
        pool = next;
    }
}
