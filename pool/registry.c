#include "registry.h"

#include "arena.h"
#include "big.h"
#include "block_list.h"
#include "coarse.h"
#include "decay.h"
#include "heap_slow.h"
#include "large.h"
#include "list.h"
#include "meta.h"
#include "os.h"
#include "owner.h"
#include "pool.h"
#include "reclaim.h"
#include "rest.h"
#include "root.h"
#include "slot.h"
#include "spare.h"

#include <errno.h>
#include <unistd.h>

/* What a heap without a thread keeps for the next one: a thread that lives a millisecond should
 * not have to fetch its pools anew. Bytes. */
#define IDLE_KEEP ((uint32_t)32 << 10)

static struct lock lock;
static struct heap *abandoned;
static struct heap first_heap; /* most processes need no other */
static uint32_t heap_total;
static pid_t process; /* whose thread ids the heaps hold */
static void (*on_thread_start)(void);

void *out_of_memory(void) {
    root_count_alone(EVENT_OUT_OF_MEMORY, 1);
    errno = ENOMEM;
    return NULL;
}

void pool_on_thread_start(void (*hook)(void)) {
    on_thread_start = hook;
    if (self.heap != NULL)
        hook();
}

static struct heap *heap_new(void) {
    struct heap *heap =
        heap_total == 0 ? &first_heap : meta_alloc(sizeof *heap, alignof(struct heap));
    if (heap == NULL)
        return NULL;
    heap->index = heap_total++;
    heap->id = (uint64_t)(heap->index + 1) << 20;
    slot_start(heap);
    spare_start(heap);
    if (process == 0)
        process = getpid();
    heap->next_all = libpool_root.heaps;
    libpool_root.heaps = heap;
    libpool_root.heap_count++;
    root_count_alone(EVENT_HEAP_CREATED, 1);
    return heap;
}

static void rebuild(struct heap *heap);

/* A thread that allocates after its last destructor leaves a heap that nobody handed over. (In a
 * child made behind fork()'s back thread ids are the parent's, so they say nothing.) */
static struct heap *orphan(void) {
    if (getpid() != process)
        return NULL;
    struct heap *heap = libpool_root.heaps;
    for (int looked = 0; heap != NULL && looked < 64; looked++, heap = heap->next_all)
        if (heap->state == HEAP_LIVE && !os_thread_alive(heap->tid))
            return heap;
    return NULL;
}

static struct heap *adopt(void) {
    struct heap *heap = abandoned;
    if (heap != NULL)
        abandoned = heap->next_abandoned;
    else if ((heap = orphan()) != NULL) {
        /* Its thread ended outside of us: what it kept is whole. */
        big_give_back(heap);
        big_release(heap);
        atomic_store(&heap->state, HEAP_TORN);
    }
    if (heap == NULL)
        return NULL;
    if (heap->state == HEAP_TORN)
        rebuild(heap);
    root_count_alone(EVENT_HEAP_ADOPTED, 1);
    return heap;
}

static void attach(struct heap *heap) {
    atomic_store(&heap->state, HEAP_LIVE);
    heap->tid = os_tid();
    heap->thread = &self;
    self.id = heap->id;
    self.heap = heap;
}

/* False: it is none of them. */
static bool unlink_abandoned(struct heap *heap) {
    struct heap **at = &abandoned;
    while (*at != NULL && *at != heap)
        at = &(*at)->next_abandoned;
    if (*at == NULL)
        return false;
    *at = heap->next_abandoned;
    return true;
}

/* A thread that frees before it takes anything is likely to go on with the blocks of the thread
 * that has ended: it gets that one's heap, where they are its own. Keeps errno. */
static bool take_over(struct heap *heap) {
    int error = errno;
    lock_take(&lock);
    bool taken = heap->state == HEAP_ABANDONED && unlink_abandoned(heap);
    if (taken) {
        root_count_alone(EVENT_HEAP_ADOPTED, 1);
        attach(heap);
    }
    lock_release(&lock);
    if (taken && on_thread_start != NULL)
        on_thread_start();
    errno = error;
    return taken;
}

struct heap *registry_attach(void) {
    lock_take(&lock);
    struct heap *heap = adopt();
    if (heap == NULL)
        heap = heap_new();
    if (heap != NULL)
        attach(heap);
    lock_release(&lock);
    if (heap != NULL && on_thread_start != NULL)
        on_thread_start();
    return heap;
}

static void abandon(struct heap *heap, enum heap_state state) {
    heap->thread = NULL;
    heap->tid = 0;
    heap->next_abandoned = abandoned;
    abandoned = heap;
    atomic_store(&heap->state, state);
    root_count_alone(EVENT_HEAP_ABANDONED, 1);
}

void pool_thread_exit(void) {
    struct heap *heap = self.heap;
    if (heap == NULL)
        return;
    heap_collect(heap);
    slot_clear(heap, &self);
    coarse_close(heap);
    heap_give_back(heap, IDLE_KEEP);
    heap->rest_extra = heap->big_extra = (struct extra){0};
    big_release(heap);
    slot_start(heap);
    self.id = 0;
    self.heap = NULL;
    self.left = true;
    lock_take(&lock);
    abandon(heap, HEAP_ABANDONED);
    /* Mail that arrived in between would have no one to see it. */
    heap_collect(heap);
    heap_give_back(heap, IDLE_KEEP);
    heap_check(heap);
    lock_release(&lock);
}

static RACY bool may_be_empty(const struct pool *pool) {
    return pool_mail(pool) >= pool_used(pool);
}

void registry_collect(struct heap *heap, const struct pool *pool) {
    if (self.heap == NULL && !self.left && take_over(heap))
        return;
    if (may_be_empty(pool))
        registry_collect_all(heap);
}

void registry_collect_all(struct heap *heap) {
    lock_take(&lock);
    if (atomic_load(&heap->state) == HEAP_ABANDONED) {
        heap_collect(heap);
        heap_give_back(heap, IDLE_KEEP);
    }
    lock_release(&lock);
}

void registry_lock(void) {
    lock_take(&lock);
}

void registry_unlock(void) {
    lock_release(&lock);
}

bool pool_trim(size_t keep) {
    struct heap *own = self.heap;
    if (own != NULL) {
        heap_collect(own);
        heap_give_back(own, 0);
    }
    lock_take(&lock);
    for (struct heap *heap = abandoned; heap != NULL; heap = heap->next_abandoned)
        if (atomic_load(&heap->state) == HEAP_ABANDONED) {
            heap_collect(heap);
            heap_give_back(heap, 0);
        }
    lock_release(&lock);
    root_count_alone(EVENT_TRIM, 1);
    bool pools = arena_purge(keep);
    return large_purge(keep) || pools;
}

void pool_fork_prepare(void) {
    lock_take(&lock);
    reclaim_fork_prepare();
    arena_purge_lock();
    arena_lock();
    meta_lock();
}

void pool_fork_parent(void) {
    meta_unlock();
    arena_unlock();
    arena_purge_unlock();
    reclaim_fork_done();
    lock_release(&lock);
}

/* Threads the child does not have may have been anywhere in their slow paths. Their heaps are
 * rebuilt from the pools' own records, but only if somebody ever adopts them. */
void pool_fork_child(void) {
    for (struct heap *heap = libpool_root.heaps; heap != NULL; heap = heap->next_all) {
        if (heap == self.heap)
            continue;
        if (heap->state == HEAP_LIVE)
            abandon(heap, HEAP_TORN);
    }
    big_fork_child(self.heap);
    process = getpid();
    if (self.heap != NULL)
        self.heap->tid = os_tid();
    root_count_alone(EVENT_FORK, 1);
    pool_fork_parent();
}

/* A torn pool's truth is its list: what is on it is free, everything else carved is used. */
static void rebuild_pool(struct heap *heap, struct pool *pool) {
    if (pool->state == POOL_RUN)
        return run_rebuild(heap, pool);
    if (pool->state != POOL_USED && pool->state != POOL_FULL)
        return;
    pool->resting = 0;
    pool->bound = 0;
    heap->count[pool->size_class].pools++;
    if (pool_coarse(pool))
        return coarse_rebuild(heap, pool);
    uint32_t count = block_list_length(pool);
    block_list_mend_mail(pool);
    pool->top = (pool->carved - count - 1u) * QUOTA_ONE | (uint16_t)pool->top;
    pool->state = POOL_FULL;
    if (block_list_empty(pool) && block_list_carve(pool, pool->capacity) == 0)
        return;
    /* An empty pool stays on the list too: giving it back here could unmap the arena that the
     * caller is walking. */
    heap_pool_reopened(heap, pool);
}

/* Alone with it: a reclaimer that took it for a living thread's finishes first. */
static void rebuild(struct heap *heap) {
    reclaim_lock(heap);
    rest_reset(heap);
    atomic_store_explicit(&heap->done, 0, memory_order_relaxed);
    big_reset(heap);
    for (uint32_t c = 0; c < CLASS_MAX; c++) {
        heap->partial[c] = (struct pool_list){NULL, NULL};
        heap->count[c].pools = 0;
    }
    spare_start(heap);
    arena_lock();
    for (struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next) {
        struct pool *pool = owner_record(a->base);
        for (uint32_t i = 0; i < ARENA_POOLS; i++)
            if (pool[i].heap == heap)
                rebuild_pool(heap, &pool[i]);
    }
    arena_unlock();
    slot_start(heap);
    reclaim_unlock(heap);
}
