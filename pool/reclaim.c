#include "reclaim.h"

#include "arena.h"
#include "block_list.h"
#include "os.h"
#include "remote.h"

/* Worth the barrier, a few microseconds: this many pools, and a quarter of those that wait. */
#define STEP 8

void reclaim_wait(struct heap *heap) {
    do {
        atomic_store_explicit(&heap->busy, 0, memory_order_release);
        lock_take(&heap->reclaim);
        lock_release(&heap->reclaim);
        atomic_store_explicit(&heap->busy, 1, memory_order_seq_cst);
    } while (atomic_load_explicit(&heap->stop, memory_order_seq_cst));
}

static bool whole_in_mail(const struct pool *pool) {
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_acquire);
    return pool->state == POOL_FULL && mail_count(mail) == pool->capacity;
}

static void reclaim(struct heap *heap) {
    struct pool *pool = atomic_exchange_explicit(&heap->mail, NULL, memory_order_acquire);
    atomic_store_explicit(&heap->waiting, 0, memory_order_relaxed);
    atomic_store_explicit(&heap->done, 0, memory_order_relaxed);
    while (pool != NULL) {
        struct pool *next = pool->mail_next;
        if (whole_in_mail(pool)) {
            atomic_store_explicit(&pool->mail, 0, memory_order_release);
            heap->count[pool->size_class].pools--;
            arena_return(pool, 1);
        } else {
            remote_push_pool(heap, pool);
        }
        pool = next;
    }
}

void reclaim_note(struct heap *heap) {
    uint32_t done = atomic_fetch_add_explicit(&heap->done, 1, memory_order_relaxed) + 1;
    if (done < STEP || done < atomic_load_explicit(&heap->waiting, memory_order_relaxed) / 4)
        return;
    if (atomic_load_explicit(&heap->state, memory_order_relaxed) != HEAP_LIVE ||
        !lock_try(&heap->reclaim))
        return;
    atomic_store_explicit(&heap->stop, 1, memory_order_seq_cst);
    if (os_barrier() && !atomic_load_explicit(&heap->busy, memory_order_acquire) &&
        atomic_load_explicit(&heap->state, memory_order_acquire) == HEAP_LIVE)
        reclaim(heap);
    atomic_store_explicit(&heap->stop, 0, memory_order_release);
    lock_release(&heap->reclaim);
}
