#include "remote.h"

#include <pthread.h>

#include "block_list.h"
#include "heap_slow.h"
#include "registry.h"
#include "support.h"

#define COUNT 2000

static char *block[COUNT];

static void allocate(size_t size) {
    for (int i = 0; i < COUNT; i++) {
        block[i] = pool_malloc(size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block[i]);
        fill(block[i], size, (uint64_t)i);
    }
}

static void free_all(void *p) {
    (void)p;
    for (int i = 0; i < COUNT; i++)
        pool_free(block[i]);
}

/* Blocks that lie in the mail of any pool. */
static uint64_t in_mail(void) {
    static struct rows_class classes[ROWS_CLASSES];
    struct rows_visit visit = {.classes = classes};
    struct rows_total total;
    uint64_t blocks = 0;
    CU_ASSERT(rows_read(&rows_self, &libpool_root, &total, &visit));
    for (uint32_t c = 0; c < visit.class_count; c++)
        blocks += classes[c].mail_blocks;
    return blocks;
}

/* Nothing is overlooked. */
static void collect(void) {
    heap_collect(self.heap);
    heap_check(self.heap);
    CU_ASSERT_EQUAL(in_mail(), 0);
}

static uint64_t live_blocks(void) {
    struct rows_total total;
    CU_ASSERT(rows_read(&rows_self, &libpool_root, &total, NULL));
    return total.live_blocks;
}

/* What others free counts as free at once, and comes home when it is collected. */
static void test_comes_home(void) {
    uint64_t before = live_blocks(), collected;
    allocate(4000);
    CU_ASSERT_EQUAL(live_blocks(), before + COUNT);
    collected = self.heap->mail_blocks;
    in_thread(free_all, NULL);
    CU_ASSERT_EQUAL(live_blocks(), before);
    collect();
    CU_ASSERT_EQUAL(live_blocks(), before);
    CU_ASSERT_PTR_NULL(self.heap->mail);
    CU_ASSERT(self.heap->mail_blocks > collected);
}

static void free_odd(void *p) {
    (void)p;
    for (int i = 1; i < COUNT; i += 2)
        pool_free(block[i]);
}

/* Half here, half there: the blocks that stay are not touched. */
static void test_halves(void) {
    for (size_t size = 16; size <= SMALL_MAX; size *= 4) {
        allocate(size);
        in_thread(free_odd, NULL);
        collect();
        for (int i = 0; i < COUNT; i += 2)
            CU_ASSERT(filled(block[i], size, (uint64_t)i));
        for (int i = 1; i < COUNT; i += 2) {
            block[i] = pool_malloc(size);
            fill(block[i], size, (uint64_t)i);
        }
        for (int i = 0; i < COUNT; i++) {
            CU_ASSERT(filled(block[i], size, (uint64_t)i));
            pool_free(block[i]);
        }
        collect();
    }
}

static void take_many(void *size) {
    for (int i = 0; i < COUNT; i++)
        pool_malloc((size_t)(uintptr_t)size);
}

/* What another thread freed and somebody then wrote into is not handed out again. */
static void test_written_to(void) {
    allocate(400);
    in_thread(free_odd, NULL);
    CU_ASSERT_EQUAL(stopped_for(take_many, (void *)400), RETURNED);
    for (int i = 1001; i < 1021; i += 2) {
        struct link was = *(struct link *)block[i];
        memset(block[i], 'x', 8);
        CU_ASSERT_EQUAL(stopped_for(take_many, (void *)400), MISUSE_CORRUPT_LINK);
        *(struct link *)block[i] = was;
    }
    for (int i = 0; i < COUNT; i += 2)
        pool_free(block[i]);
    collect();
}

static void free_one(void *p) {
    pool_free(p);
}

static void free_one_elsewhere(void *p) {
    in_thread(free_one, p);
}

static void free_here_then_elsewhere(void *p) {
    pool_free(p);
    in_thread(free_one, p);
}

static void free_elsewhere_then_here(void *p) {
    in_thread(free_one, p);
    pool_free(p);
}

static void free_elsewhere_twice(void *p) {
    in_thread(free_one, p);
    in_thread(free_one, p);
}

static void test_double(void) {
    char *keep = pool_malloc(64), *one = pool_malloc(64);
    CU_ASSERT_EQUAL(stopped_for(free_here_then_elsewhere, one), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere_then_here, one), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere_twice, one), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_one_elsewhere, one + 16), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_one_elsewhere, one + 8), MISUSE_UNALIGNED_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_one_elsewhere, one), RETURNED);
    pool_free(one);
    pool_free(keep);
}

/* Many threads free into the same pools at once while their owner allocates from them. */
#define THREADS 4
#define ROUNDS  60

static struct { char *block[COUNT]; } share[THREADS];
static pthread_barrier_t barrier;

static void *free_share(void *p) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < COUNT; i++)
            pool_free(share[(uintptr_t)p].block[i]);
        pthread_barrier_wait(&barrier);
    }
    pool_thread_exit();
    return NULL;
}

static void deal(size_t size) {
    for (int i = 0; i < COUNT; i++)
        for (int t = 0; t < THREADS; t++) {
            share[t].block[i] = pool_malloc(size);
            fill(share[t].block[i], size, (uint64_t)i);
        }
}

static void test_crowd(void) {
    pthread_t thread[THREADS];
    uint64_t before = live_blocks();
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (uintptr_t t = 0; t < THREADS; t++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, free_share, (void *)t), 0);
    for (int round = 0; round < ROUNDS; round++) {
        deal(16 + (size_t)round * 16);
        pthread_barrier_wait(&barrier);
        allocate(16 + (size_t)round * 16);
        for (int i = 0; i < COUNT; i++) {
            CU_ASSERT(filled(block[i], 16 + (size_t)round * 16, (uint64_t)i));
            pool_free(block[i]);
        }
        pthread_barrier_wait(&barrier);
        collect();
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(thread[t], NULL);
    pthread_barrier_destroy(&barrier);
    CU_ASSERT_EQUAL(live_blocks(), before);
}

static uint32_t pools_of(const struct heap *heap) {
    uint32_t pools = 0;
    for (uint32_t c = 0; c < CLASS_MAX; c++)
        pools += heap->count[c].pools;
    return pools;
}

static void allocate_and_end(void *size) {
    allocate((size_t)(uintptr_t)size);
}

/* Nobody will collect for a thread that has ended: the last free gives its pools back. */
static void test_after_the_owner(void) {
    uint64_t before = live_blocks();
    in_thread(allocate_and_end, (void *)(uintptr_t)500);
    struct heap *heap = owner_pool(block[0])->heap;
    CU_ASSERT_EQUAL(heap->state, HEAP_ABANDONED);
    uint32_t pools = pools_of(heap);
    for (int i = 0; i < COUNT; i++)
        CU_ASSERT(filled(block[i], 500, (uint64_t)i));
    free_all(NULL);
    CU_ASSERT_EQUAL(live_blocks(), before);
    CU_ASSERT(pools > 8 && pools_of(heap) <= pools / 8);
}

CU_TestInfo remote_tests[] = {
    {"freed elsewhere, collected at home", test_comes_home},
    {"half and half", test_halves},
    {"written to after a free elsewhere", test_written_to},
    {"misuse across threads", test_double},
    {"many threads at once", test_crowd},
    {"the owner has ended", test_after_the_owner},
    CU_TEST_INFO_NULL,
};
