#define _GNU_SOURCE
#include "reclaim.h"

#include <pthread.h>
#include <unistd.h>

#include "heap_slow.h"
#include "support.h"
#include "tick.h"

#define COUNT 20000
#define SIZE  480

static char *block[COUNT];

static void allocate(void) {
    for (int i = 0; i < COUNT; i++) {
        block[i] = pool_malloc(SIZE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block[i]);
        fill(block[i], SIZE, (uint64_t)i);
    }
}

static void free_all(void *p) {
    (void)p;
    for (int i = 0; i < COUNT; i++)
        pool_free(block[i]);
}

static uint32_t pools_of(const struct heap *heap) {
    uint32_t pools = 0;
    for (uint32_t c = 0; c < CLASS_MAX; c++)
        pools += heap->count[c].pools;
    return pools;
}

/* This thread only waits while another frees its blocks: most of its pools go back. */
static void test_owner_asleep(void) {
    allocate();
    uint32_t before = pools_of(self.heap);
    in_thread(free_all, NULL);
    CU_ASSERT(before > 100);
    CU_ASSERT(pools_of(self.heap) < before / 2);
    allocate();
    for (int i = 0; i < COUNT; i++)
        CU_ASSERT(filled(block[i], SIZE, (uint64_t)i));
    heap_check(self.heap);
    free_all(NULL);
    heap_check(self.heap);
}

static void free_pages(void *p) {
    (void)p;
    for (int i = 0; i < COUNT / 8; i++)
        pool_free(block[i]);
}

/* Pools without lists too; the owner cannot free into what has gone. */
static void test_coarse_goes_back(void) {
    for (int i = 0; i < COUNT / 8; i++)
        block[i] = pool_malloc(4096);
    in_thread(free_pages, NULL);
    int gone = 0;
    for (int i = 0; i < COUNT / 8; i++)
        if (pool_classify(block[i]) == KIND_FREED && gone++ % 100 == 0)
            CU_ASSERT_EQUAL(stopped_for(free_it, block[i]), MISUSE_INVALID_FREE);
    CU_ASSERT(gone > COUNT / 16);
    heap_collect(self.heap);
    heap_check(self.heap);
}

static void free_most(void *p) {
    (void)p;
    for (int i = 0; i < COUNT; i++)
        if (i % 8 != 0)
            pool_free(block[i]);
}

/* An owner that gets along without new lists finds its mail all the same. */
static void test_owner_looks(void) {
    allocate();
    in_thread(free_most, NULL);
    CU_ASSERT_PTR_NOT_NULL(self.heap->mail);
    tick_now(self.heap);
    CU_ASSERT_PTR_NULL(self.heap->mail);
    for (int i = 0; i < COUNT; i += 8)
        pool_free(block[i]);
    heap_check(self.heap);
}

#define SLEEPERS 8
#define EACH     2600 /* 38 pools */

static char *asleep[SLEEPERS][EACH];
static _Atomic(struct heap *) sleeper[SLEEPERS];
static _Atomic int sleeping;
static _Atomic bool wake;

static void *take_and_sleep(void *p) {
    char **own = p;
    for (int i = 0; i < EACH; i++)
        own[i] = pool_malloc(SIZE);
    sleeper[sleeping++] = self.heap;
    while (!wake)
        usleep(100);
    pool_thread_exit();
    return NULL;
}

static uint32_t pools_of_sleepers(void) {
    uint32_t pools = 0;
    for (int t = 0; t < SLEEPERS; t++)
        pools += pools_of(sleeper[t]);
    return pools;
}

/* Few pools of each of many heaps, emptied at once. */
static void test_many_asleep(void) {
    pthread_t thread[SLEEPERS];
    for (int t = 0; t < SLEEPERS; t++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, take_and_sleep, asleep[t]), 0);
        while (sleeping <= t)
            usleep(100);
    }
    uint32_t before = pools_of_sleepers();
    for (int t = 0; t < SLEEPERS; t++)
        for (int i = 0; i < EACH; i++)
            pool_free(asleep[t][i]);
    CU_ASSERT(before > SLEEPERS * 30);
    CU_ASSERT(pools_of_sleepers() < SLEEPERS * 10);
    wake = true;
    for (int t = 0; t < SLEEPERS; t++) {
        pthread_join(thread[t], NULL);
        heap_check(sleeper[t]);
    }
}

/* The owner is in the midst of its slow paths all the time; nothing is lost or handed out twice. */
static _Atomic bool over;

static void *exchange(void *p) {
    _Atomic(char *) *box = p;
    while (!over) {
        char *mine = atomic_exchange(box, NULL);
        if (mine != NULL)
            pool_free(mine);
    }
    pool_thread_exit();
    return NULL;
}

#define BOXES 512

static void test_owner_busy(void) {
    static char *own[4000];
    static _Atomic(char *) box[BOXES];
    pthread_t thread[2];
    over = false;
    for (int t = 0; t < 2; t++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, exchange, &box[t]), 0);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 4000; i++) {
            own[i] = pool_malloc(8192);
            fill(own[i], 64, (uint64_t)i);
        }
        for (int i = 0; i < 4000; i++) {
            if (!filled(own[i], 64, (uint64_t)i))
                CU_FAIL_FATAL("a block was changed by another");
            char *was = atomic_exchange(&box[i % 2], own[i]);
            if (was != NULL)
                pool_free(was);
        }
    }
    over = true;
    for (int t = 0; t < 2; t++) {
        pthread_join(thread[t], NULL);
        pool_free(box[t]);
    }
    heap_collect(self.heap);
    heap_check(self.heap);
}

static _Atomic bool forked;

static void *fork_now(void *p) {
    (void)p;
    pool_fork_prepare();
    forked = true;
    pool_fork_parent();
    return NULL;
}

/* What a reclaimer has in its hands would be lost in the child: a fork waits for it. But not for
 * its own thread. */
static void test_fork_waits(void) {
    pthread_t thread;
    reclaim_lock(self.heap);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, fork_now, NULL), 0);
    usleep(50000);
    CU_ASSERT(!forked);
    reclaim_unlock(self.heap);
    pthread_join(thread, NULL);
    CU_ASSERT(forked);
    reclaim_lock(self.heap);
    self.heap->reclaimer = &self;
    fork_now(NULL);
    CU_ASSERT(!lock_try(&self.heap->reclaim));
    self.heap->reclaimer = NULL;
    reclaim_unlock(self.heap);
}

static void free_rest(void *p) {
    (void)p;
    reclaim_fork_prepare();
    for (int i = 0; i < COUNT; i++)
        pool_free(block[i]);
    CU_ASSERT_PTR_NOT_NULL(owner_pool(block[0]));
    reclaim_fork_done();
}

/* What is freed while a fork keeps others from reclaiming goes back when it is over. */
static void test_turned_away(void) {
    allocate();
    uint32_t before = pools_of(self.heap);
    in_thread(free_rest, NULL);
    CU_ASSERT(before > 100);
    CU_ASSERT(pools_of(self.heap) < before / 2);
}

static void free_behind_a_lock(void *p) {
    reclaim_lock(p);
    for (int i = 0; i < COUNT - 200; i++)
        pool_free(block[i]);
    reclaim_unlock(p);
    for (int i = COUNT - 200; i < COUNT; i++)
        pool_free(block[i]);
}

/* Nor is what was freed while another reclaimed forgotten. */
static void test_meanwhile(void) {
    allocate();
    uint32_t before = pools_of(self.heap);
    in_thread(free_behind_a_lock, self.heap);
    CU_ASSERT(pools_of(self.heap) < before / 2);
}

CU_TestInfo reclaim_tests[] = {
    {"the owner sleeps", test_owner_asleep},
    {"coarse pools", test_coarse_goes_back},
    {"the owner gets along", test_owner_looks},
    {"many owners sleep", test_many_asleep},
    {"the owner works", test_owner_busy},
    {"a fork waits", test_fork_waits},
    {"after a fork", test_turned_away},
    {"after another", test_meanwhile},
    CU_TEST_INFO_NULL,
};
