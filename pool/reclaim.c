#include "reclaim.h"

#include "arena.h"
#include "block_list.h"
#include "registry.h"
#include "remote.h"
#include "root.h"

/* Worth the walk through a heap's mail: so many pools, and a quarter of what waits. (An owner at
 * work collects its mail before there are as many, and uses them without asking the arena.) */
#define STEP 8

static _Atomic int forking;

static bool worth_it(const struct heap *heap) {
    uint32_t done = atomic_load_explicit(&heap->done, memory_order_relaxed);
    return done >= STEP && done >= atomic_load_explicit(&heap->waiting, memory_order_relaxed) / 4;
}

static bool whole_in_mail(const struct pool *pool) {
    return pool_mail(pool) == pool->capacity && pool->state == POOL_FULL &&
           !__atomic_load_n(&pool->resting, __ATOMIC_ACQUIRE);
}

static void give_back(struct heap *heap, struct pool *whole) {
    while (whole != NULL) {
        struct pool *next = whole->mail_next;
        /* In this order: the mail is what shows a double free by the owner that its block is free
         * already; without it such a free must not find a spare. */
        whole->spare_bound = 0;
        atomic_store_explicit(&whole->mail, 0, memory_order_release);
        heap->count[whole->size_class].pools--;
        arena_return(whole, 1);
        whole = next;
    }
}

static void chain(struct mail_chain *chain, struct pool *pool) {
    pool->mail_next = chain->first;
    chain->first = pool;
    if (chain->last == NULL)
        chain->last = pool;
    chain->count++;
}

/* What its owner still needs goes back first: it may be looking for it. */
static void reclaim(struct heap *heap) {
    struct pool *pool = remote_take_pools(heap), *whole = NULL, *next;
    struct mail_chain others = {NULL, NULL, 0};
    for (; pool != NULL; pool = next) {
        next = pool->mail_next;
        if (whole_in_mail(pool)) {
            pool->mail_next = whole;
            whole = pool;
        } else {
            chain(&others, pool);
        }
    }
    remote_push_pools(heap, &others);
    give_back(heap, whole);
}

static bool begin(struct heap *heap) {
    if (!worth_it(heap) || atomic_load_explicit(&heap->state, memory_order_relaxed) != HEAP_LIVE ||
        !lock_try(&heap->reclaim))
        return false;
    /* (An addition, so that the fork either sees the lock taken or is seen here.) */
    if (atomic_fetch_add_explicit(&forking, 0, memory_order_acq_rel) != 0) {
        lock_release(&heap->reclaim);
        return false;
    }
    heap->reclaimer = &self;
    return true;
}

/* Until nothing more is worth it: others are turned away meanwhile. (For the same reason: who is
 * turned away has counted his pool before this looks.) */
static bool reclaim_all(struct heap *heap) {
    bool any = false;
    for (; begin(heap); any = true) {
        reclaim(heap);
        heap->reclaimer = NULL;
        lock_release(&heap->reclaim);
        atomic_fetch_add_explicit(&heap->done, 0, memory_order_acq_rel);
    }
    return any;
}

void reclaim_note(struct heap *heap) {
    atomic_fetch_add_explicit(&heap->done, 1, memory_order_acq_rel);
    /* Its thread ended meanwhile, and may not have seen what was put back. */
    if (reclaim_all(heap) &&
        atomic_load_explicit(&heap->state, memory_order_relaxed) == HEAP_ABANDONED)
        registry_collect_all(heap);
}

void reclaim_lock(struct heap *heap) {
    lock_take(&heap->reclaim);
}

void reclaim_unlock(struct heap *heap) {
    lock_release(&heap->reclaim);
}

/* What somebody has taken out of a heap's mail would be lost in the child. (Not to wait for
 * oneself: a signal handler may fork in the middle of it, and then goes on with it. Nor to write to
 * heaps at rest, which the parent would have to copy.) */
void reclaim_fork_prepare(void) {
    atomic_fetch_add_explicit(&forking, 1, memory_order_acq_rel);
    for (struct heap *heap = libpool_root.heaps; heap != NULL; heap = heap->next_all)
        if (lock_taken(&heap->reclaim) && heap->reclaimer != &self) {
            reclaim_lock(heap);
            reclaim_unlock(heap);
        }
}

void reclaim_fork_done(void) {
    atomic_fetch_sub_explicit(&forking, 1, memory_order_acq_rel);
    /* What was turned away. */
    for (struct heap *heap = libpool_root.heaps; heap != NULL; heap = heap->next_all)
        if (heap != self.heap)
            reclaim_all(heap);
}
