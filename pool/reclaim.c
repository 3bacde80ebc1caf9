#include "reclaim.h"

#include "arena.h"
#include "block_list.h"
#include "decay.h"
#include "os.h"
#include "remote.h"
#include "root.h"

/* Of one heap, worth the walk through its mail: so many pools, and a quarter of what waits. */
#define STEP 8

/* The barrier interrupts every processor the program runs on, which takes 30 us and more in a
 * virtual machine. An owner that is at work collects its mail before the time is over; with the
 * barrier at every STEP, threads that free each other's blocks of up to 2 KiB spent a third of
 * their time there. */
#define PERIOD_MS 10
/* So much, of all heaps, is worth it sooner. */
#define MANY       ((uint64_t)64 * POOL_BYTES)
#define MANY_SHARE 16 /* of live, if that is more */
#define MANY_HEAPS 8  /* and one for so many heaps, all of which are looked at */

#define HEAPS_MOST 64 /* that one barrier stops */

/* Pools of which every block came to lie in the mail since the last barrier; when that was. */
static _Atomic uint32_t whole;
static _Atomic uint64_t last_ms;
static struct lock lock;
static struct thread *_Atomic reclaimer; /* who has it */

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

static bool worth_it(const struct heap *heap) {
    uint32_t done = atomic_load_explicit(&heap->done, memory_order_relaxed);
    return done >= STEP && done >= atomic_load_explicit(&heap->waiting, memory_order_relaxed) / 4;
}

/* The heaps worth it, each with its lock; how many. (Not its own thread's, which collects. No lock
 * around it: heaps are only ever added.) */
static uint32_t choose(struct heap *chosen[HEAPS_MOST]) {
    uint32_t count = 0;
    struct heap *heap = __atomic_load_n(&libpool_root.heaps, __ATOMIC_ACQUIRE);
    for (; heap != NULL && count < HEAPS_MOST; heap = heap->next_all)
        if (worth_it(heap) && heap != self.heap &&
            atomic_load_explicit(&heap->state, memory_order_relaxed) == HEAP_LIVE &&
            lock_try(&heap->reclaim))
            chosen[count++] = heap;
    return count;
}

/* Its owner is barred from its slow paths, if there was a barrier; if it was in none, the heap is
 * this thread's for a while. */
static void reclaim_heap(struct heap *heap, bool barrier) {
    if (barrier && !atomic_load_explicit(&heap->busy, memory_order_acquire) &&
        atomic_load_explicit(&heap->state, memory_order_acquire) == HEAP_LIVE)
        reclaim(heap);
    else /* for the next tick; counted in full, a busy one would have the next barrier at once */
        atomic_fetch_add_explicit(&whole, STEP, memory_order_relaxed);
    atomic_store_explicit(&heap->stop, 0, memory_order_release);
    lock_release(&heap->reclaim);
}

static void reclaim_all(void) {
    struct heap *chosen[HEAPS_MOST];
    atomic_store_explicit(&whole, 0, memory_order_relaxed);
    uint32_t count = choose(chosen);
    for (uint32_t i = 0; i < count; i++)
        atomic_store_explicit(&chosen[i]->stop, 1, memory_order_seq_cst);
    bool barrier = count > 0 && os_barrier();
    for (uint32_t i = 0; i < count; i++)
        reclaim_heap(chosen[i], barrier);
}

/* One thread at a time; where another is at it, the next tick comes soon enough. */
static void begin(uint64_t now_ms) {
    if (!lock_try(&lock))
        return;
    reclaimer = &self;
    atomic_store_explicit(&last_ms, now_ms, memory_order_relaxed);
    reclaim_all();
    reclaimer = NULL;
    lock_release(&lock);
}

/* What it has taken out of a heap's mail would be lost in the child. (Of a signal handler that
 * forks in the middle of it, it is.) */
void reclaim_fork_prepare(void) {
    if (reclaimer != &self)
        lock_take(&lock);
}

void reclaim_fork_done(void) {
    if (reclaimer != &self)
        lock_release(&lock);
}

/* Since the last time, whose clock may be a little ahead of this thread's. */
static bool period_over(uint64_t now_ms) {
    return (int64_t)(now_ms - atomic_load_explicit(&last_ms, memory_order_relaxed)) >= PERIOD_MS;
}

static RACY bool many(uint32_t pools) {
    uint64_t bytes = (uint64_t)pools << POOL_SHIFT;
    return bytes >= MANY && bytes >= decay_live_about() / MANY_SHARE &&
           pools >= libpool_root.heap_count / MANY_HEAPS;
}

void reclaim_note(struct heap *heap) {
    atomic_fetch_add_explicit(&heap->done, 1, memory_order_relaxed);
    uint32_t count = atomic_fetch_add_explicit(&whole, 1, memory_order_relaxed) + 1;
    if (!worth_it(heap))
        return;
    uint64_t now_ms = os_now_ms();
    if (many(count) || period_over(now_ms))
        begin(now_ms);
}

void reclaim_tick(uint64_t now_ms) {
    if (atomic_load_explicit(&whole, memory_order_relaxed) >= STEP && period_over(now_ms))
        begin(now_ms);
}
