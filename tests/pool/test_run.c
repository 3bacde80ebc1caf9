#include "run.h"

#include "arena.h"
#include "heap_slow.h"
#include "os.h"
#include "owner.h"
#include "spare.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>

static char *take(uint32_t pools) {
    char *run = pool_malloc(pools * POOL_BYTES);
    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    CU_ASSERT_EQUAL(owner_pool(run)->run_pools, pools);
    CU_ASSERT(run_in_use(owner_pool(run)));
    return run;
}

static uint32_t kept_of(uint32_t pools) {
    return spare_count(self.heap, COARSE_CLASSES - 1 + pools);
}

static void start(void) {
    pool_free(pool_malloc(1));
    give_back_kept();
    CU_ASSERT_EQUAL_FATAL(self.heap->run_bytes, 0);
}

/* What is freed serves the next request of its length, newest first; nothing else. */
static void test_rows(void) {
    enum { RUNS = 3, LONGEST = 4 };
    char *run[LONGEST + 1][RUNS];
    start();
    for (uint32_t n = 1; n <= LONGEST; n++)
        for (int i = 0; i < RUNS; i++)
            run[n][i] = take(n);
    for (uint32_t n = 1; n <= LONGEST; n++)
        for (int i = 0; i < RUNS; i++) {
            fill(run[n][i], n * POOL_BYTES, n);
            pool_free(run[n][i]);
            CU_ASSERT(!run_in_use(owner_pool(run[n][i])));
            CU_ASSERT(pool_place(run[n][i]).free);
        }
    heap_check(self.heap);
    for (uint32_t n = 1; n <= LONGEST; n++)
        for (int i = RUNS - 1; i >= 0; i--) {
            CU_ASSERT_EQUAL(kept_of(n), (uint32_t)i + 1);
            CU_ASSERT_PTR_EQUAL(take(n), run[n][i]);
            CU_ASSERT(filled(run[n][i], n * POOL_BYTES, n)); /* nothing was written to it */
        }
    CU_ASSERT_EQUAL(self.heap->run_bytes, 0);
    heap_check(self.heap);
    for (uint32_t n = 1; n <= LONGEST; n++)
        for (int i = 0; i < RUNS; i++)
            pool_free(run[n][i]);
    start();
    arena_check();
}

/* A longer one serves if four fifths of it are used. */
static void test_longer(void) {
    start();
    char *run = take(5);
    pool_free(run);
    char *shorter = pool_malloc(4 * POOL_BYTES);
    CU_ASSERT_PTR_EQUAL(shorter, run);
    CU_ASSERT_EQUAL(owner_pool(run)->asked, 4 * POOL_BYTES);
    CU_ASSERT_EQUAL(pool_usable(run), 5 * POOL_BYTES);
    pool_free(shorter);
    CU_ASSERT_EQUAL(kept_of(5), 1);
    char *half = pool_malloc(3 * POOL_BYTES);
    CU_ASSERT_PTR_NOT_EQUAL(half, run);
    pool_free(half);
    start();
}

/* No more is kept than the heap may, and of what there is most of goes first. */
static void test_drop(void) {
    enum { ONES = 100 };
    static char *one[ONES];
    start();
    for (int i = 0; i < ONES; i++)
        one[i] = take(1);
    char *four = take(4);
    pool_free(four);
    for (int i = 0; i < ONES; i++) {
        pool_free(one[i]);
        CU_ASSERT(self.heap->run_bytes <= self.heap->run_limit);
        heap_check(self.heap);
    }
    CU_ASSERT(kept_of(1) > 1);
    CU_ASSERT_EQUAL(kept_of(4), 1);
    uint32_t ones = kept_of(1);
    CU_ASSERT_EQUAL(run_fit(self.heap, self.heap->run_bytes - 1), POOL_BYTES);
    CU_ASSERT_EQUAL(kept_of(1), ones - 1);
    run_fit(self.heap, 5 * POOL_BYTES);
    CU_ASSERT_EQUAL(kept_of(1), 1);
    CU_ASSERT_EQUAL(run_fit(self.heap, 4 * POOL_BYTES), 4 * POOL_BYTES);
    CU_ASSERT_EQUAL(kept_of(1), 1);
    CU_ASSERT_EQUAL(run_fit(self.heap, 0), POOL_BYTES);
    CU_ASSERT_EQUAL(run_fit(self.heap, 0), 0);
    CU_ASSERT_EQUAL(self.heap->run_bytes, 0);
    arena_check();
}

/* What others took a heap keeps only as much of as of large blocks: it may never take any. */
static void take_many(void *p) {
    char **run = p;
    for (int i = 0; i < 300; i++)
        run[i] = take(4);
}

static void test_others(void) {
    static char *run[300];
    uint32_t most = 0;
    start();
    in_thread(take_many, run);
    for (int i = 0; i < 300; i++) {
        pool_free(run[i]);
        CU_ASSERT(self.heap->run_bytes <= 4u << 20);
        most = self.heap->run_limit > most ? self.heap->run_limit : most;
    }
    CU_ASSERT(most > 4u << 20);
    heap_check(self.heap);
    start();
}

/* A large block that is kept takes no room from runs, and the other way round. */
static void test_large_beside(void) {
    char *run[8], *live = pool_malloc((size_t)64 << 20);
    start();
    pool_free(pool_malloc(1u << 20));
    CU_ASSERT_EQUAL(self.heap->big_bytes, 1u << 20);
    for (int i = 0; i < 8; i++)
        run[i] = take(4);
    for (int i = 0; i < 8; i++)
        pool_free(run[i]);
    CU_ASSERT_EQUAL(kept_of(4), 8);
    CU_ASSERT_EQUAL(self.heap->big_bytes, 1u << 20);
    pool_free(live);
    start();
    CU_ASSERT_EQUAL(self.heap->big_bytes, 0);
}

struct nest {
    uint32_t depth, first, kept;
};

/* Keeps what it may, and sleeps while the next thread does the same. */
static void keep_and_nest(void *p) {
    enum { RUNS = 300, FREED = 100 };
    struct nest *nest = p;
    char *run[RUNS];
    for (int i = 0; i < RUNS; i++)
        run[i] = take(4);
    for (int i = 0; i < FREED; i++)
        pool_free(run[i]);
    nest->first = nest->first == 0 ? self.heap->run_bytes : nest->first;
    nest->kept += self.heap->run_bytes;
    if (--nest->depth > 0)
        in_thread(keep_and_nest, nest);
    for (int i = FREED; i < RUNS; i++)
        pool_free(run[i]);
}

/* Together they keep no more than all may, and once they have ended others may again. */
static void test_sleepers(void) {
    enum { DEPTH = 12 };
    uint32_t first = 0;
    char *live = pool_malloc((size_t)512 << 20); /* or much has ended, and little may be kept */
    for (int round = 0; round < 3; round++) {
        struct nest nest = {.depth = DEPTH};
        in_thread(keep_and_nest, &nest);
        CU_ASSERT(nest.first > 4u << 20);
        CU_ASSERT(nest.kept <= (16u << 20) + DEPTH * (1u << 20));
        CU_ASSERT(round == 0 || nest.first == first);
        first = nest.first;
    }
    pool_free(live);
}

static struct {
    char *runs[300];
    struct heap *heap;
    uint32_t kept;
} vanished;

static void *vanish(void *keep) {
    if (keep != NULL)
        take_many(vanished.runs);
    else
        pool_free(take(1));
    for (int i = 0; keep != NULL && i < 100; i++)
        pool_free(vanished.runs[i]);
    vanished.heap = self.heap;
    vanished.kept = self.heap->run_bytes;
    return NULL;
}

/* Ends without handing its heap over. */
static void vanishing_thread(void *keep) {
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, vanish, keep), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_join(thread, NULL), 0);
    while (os_thread_alive(vanished.heap->tid)) /* the kernel takes a while */
        sched_yield();
    for (int i = 100; keep != NULL && i < 300; i++)
        pool_free(vanished.runs[i]);
}

/* Whoever gets the heap of a vanished thread may keep as much. (Heaps that were handed over are
 * given out before.) */
static void test_vanished(void) {
    struct heap *heap;
    char *live = pool_malloc((size_t)512 << 20);
    do {
        heap = vanished.heap;
        vanishing_thread(NULL);
    } while (vanished.heap != heap);
    for (int round = 0; round < 4; round++) {
        vanishing_thread("keeps");
        CU_ASSERT_PTR_EQUAL(vanished.heap, heap);
        CU_ASSERT(vanished.kept > 4u << 20);
    }
    pool_free(live);
}

static char *handed_over;

/* Whoever frees a run has it, and it is that thread's as if it had been from the beginning. */
static void free_and_take(void *p) {
    (void)p;
    struct pool *run = owner_pool(handed_over);
    pool_free(pool_malloc(1)); /* a thread without a heap keeps nothing */
    CU_ASSERT_PTR_NOT_EQUAL(run->heap, self.heap);
    pool_free(handed_over);
    CU_ASSERT_PTR_EQUAL(run->heap, self.heap);
    CU_ASSERT_EQUAL(kept_of(2), 1);
    CU_ASSERT_PTR_EQUAL(take(2), handed_over);
    CU_ASSERT(spare_push(self.heap, spare_row(run->size_class), run, handed_over));
    CU_ASSERT_PTR_EQUAL(take(2), handed_over);
    heap_check(self.heap);
}

static void free_at_once(void *p) {
    CU_ASSERT_PTR_NULL(self.heap);
    pool_free(p);
}

static void test_elsewhere(void) {
    start();
    handed_over = take(2);
    in_thread(free_and_take, NULL);
    CU_ASSERT(run_in_use(owner_pool(handed_over)));
    pool_free(handed_over);
    CU_ASSERT_EQUAL(kept_of(2), 1);
    in_thread(free_at_once, take(2));
    in_thread(free_at_once, run_new(NULL, 20000, false, false));
    pool_free(run_new(NULL, 20000, false, false));
    CU_ASSERT_EQUAL(kept_of(1), 1);
    start();
    arena_check();
}

static void test_misuse(void) {
    start();
    char *run = take(3);
    CU_ASSERT_EQUAL(stopped_for(free_it, run + POOL_BYTES), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere, run + 2 * POOL_BYTES), MISUSE_INTERIOR_FREE);
    pool_free(run);
    CU_ASSERT_EQUAL(stopped_for(free_it, run), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere, run), MISUSE_DOUBLE_FREE);
    start();
}

/* There was no room, so it went back at once: it is no run any more, and nobody's spare. */
static void test_misuse_returned(void) {
    enum { RUNS = 10 * SPARE_MAX };
    static char *run[RUNS];
    char *live = pool_malloc((size_t)512 << 20);
    start();
    for (int i = 0; i < RUNS; i++)
        run[i] = take(1);
    for (int i = 0; i <= SPARE_MAX; i++)
        pool_free(run[i]);
    CU_ASSERT_EQUAL(kept_of(1), SPARE_MAX);
    CU_ASSERT_EQUAL(pool_classify(run[SPARE_MAX]), KIND_FREED);
    run[0] = take(1); /* now there would be */
    CU_ASSERT_EQUAL(stopped_for(free_it, run[SPARE_MAX]), MISUSE_INVALID_FREE);
    pool_free(run[0]);
    for (int i = SPARE_MAX + 1; i < RUNS; i++)
        pool_free(run[i]);
    pool_free(live);
    start();
}

/* In place, it changes its row. */
static void test_resize(void) {
    start();
    char *run = take(4);
    CU_ASSERT_PTR_EQUAL(run_resize(owner_pool(run), 2 * POOL_BYTES), run);
    heap_check(self.heap);
    pool_free(run);
    CU_ASSERT_EQUAL(kept_of(4), 0);
    CU_ASSERT_EQUAL(kept_of(2), 1);
    CU_ASSERT_PTR_EQUAL(take(2), run);
    CU_ASSERT_PTR_EQUAL(run_resize(owner_pool(run), 4 * POOL_BYTES), run);
    pool_free(run);
    CU_ASSERT_EQUAL(kept_of(4), 1);
    heap_check(self.heap);
    start();
}

/* What a fork leaves of another thread's heap: the records tell which were kept. */
static void test_rebuild(void) {
    start();
    char *kept = take(2), *used = take(2);
    pool_free(kept);
    spare_start(self.heap);
    run_rebuild(self.heap, owner_pool(kept));
    run_rebuild(self.heap, owner_pool(used));
    CU_ASSERT_EQUAL(kept_of(2), 1);
    CU_ASSERT_EQUAL(self.heap->run_bytes, 2 * POOL_BYTES);
    /* Freed meanwhile by a thread of the child, it is that thread's. */
    struct heap other = {.id = 0};
    owner_pool(used)->heap = &other;
    owner_pool(used)->held = HELD_RESTING;
    run_rebuild(self.heap, owner_pool(used));
    CU_ASSERT_EQUAL(kept_of(2), 1);
    owner_pool(used)->heap = self.heap;
    owner_pool(used)->held |= class_coarse_bit(used);
    heap_check(self.heap);
    CU_ASSERT_PTR_EQUAL(take(2), kept);
    pool_free(kept);
    pool_free(used);
    start();
}

CU_TestInfo run_tests[] = {
    {"a row for each length", test_rows},
    {"a longer one", test_longer},
    {"too many", test_drop},
    {"a large block beside them", test_large_beside},
    {"what others took", test_others},
    {"sleeping threads", test_sleepers},
    {"vanished threads", test_vanished},
    {"freed by another thread", test_elsewhere},
    {"misuse", test_misuse},
    {"misuse of one given back", test_misuse_returned},
    {"resized", test_resize},
    {"rebuilt", test_rebuild},
    CU_TEST_INFO_NULL,
};
