#include "spare.h"

#include <string.h>

#include "heap_slow.h"
#include "support.h"

#define SIZE   4096
#define BLOCKS (POOL_BYTES / SIZE)
#define POOLS  100

static uint32_t spares(void) {
    return self.heap->spare_count[class_of(SIZE) - FINE_CLASSES];
}

static char *block[POOLS * BLOCKS];

static void take(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        block[i] = heap_alloc(SIZE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block[i]);
        fill(block[i], SIZE, i);
    }
    heap_check(self.heap);
}

static void drop(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        CU_ASSERT(filled(block[i], SIZE, i));
        heap_free(block[i]);
    }
    heap_check(self.heap);
}

/* Starts with no block of the class, and whole pools. */
static void start(void) {
    give_back_kept();
    CU_ASSERT_EQUAL_FATAL(self.heap->count[class_of(SIZE)].pools, 0);
}

static void test_pairs(void) {
    heap_free(heap_alloc(SIZE));
    start();
    take(2 * BLOCKS);
    for (uint32_t i = 0; i < BLOCKS - 1; i++) {
        heap_free(block[i]);
        CU_ASSERT_EQUAL(spares(), 1);
        CU_ASSERT_EQUAL(owner_pool(block[i])->state, POOL_FULL);
        CU_ASSERT_EQUAL(pool_used(owner_pool(block[i])), BLOCKS - 1);
        CU_ASSERT(pool_place(block[i]).free);
        CU_ASSERT_PTR_EQUAL(heap_alloc(SIZE), block[i]);
        CU_ASSERT_EQUAL(spares(), 0);
        CU_ASSERT(!pool_place(block[i]).free);
        fill(block[i], SIZE, i);
    }
    heap_check(self.heap);
    drop(0, 2 * BLOCKS);
}

/* Spares keep no pool: the last used block takes them along. */
static void test_goes_back(void) {
    start();
    take(3 * BLOCKS);
    drop(0, BLOCKS - 1);
    CU_ASSERT_EQUAL(spares(), BLOCKS - 1);
    CU_ASSERT_EQUAL(spare_count(owner_pool(block[0])), BLOCKS - 1);
    drop(BLOCKS - 1, BLOCKS);
    CU_ASSERT_EQUAL(spares(), 0);
    CU_ASSERT_EQUAL(owner_pool(block[0])->resting, 1);
    drop(BLOCKS, 3 * BLOCKS);
    start();
}

/* There is room for so many; beyond, pools are reopened. */
static void test_most(void) {
    start();
    take(POOLS * BLOCKS);
    for (uint32_t i = 0; i < POOLS; i++)
        heap_free(block[i * BLOCKS]);
    CU_ASSERT_EQUAL(spares(), SPARE_MAX);
    heap_check(self.heap);
    for (uint32_t i = 0; i < POOLS; i++) {
        block[i * BLOCKS] = heap_alloc(SIZE);
        fill(block[i * BLOCKS], SIZE, i * BLOCKS);
    }
    CU_ASSERT_EQUAL(spares(), 0);
    drop(0, POOLS * BLOCKS);
    start();
}

static void free_it(void *p) {
    heap_free(p);
}

static void free_elsewhere(void *p) {
    in_thread(free_it, p);
}

static void write_and_take(void *p) {
    memset(p, 0x41, 16);
    heap_alloc(SIZE);
}

static void test_misuse(void) {
    start();
    take(2 * BLOCKS);
    heap_free(block[3]);
    heap_free(block[BLOCKS]);
    CU_ASSERT_EQUAL(stopped_for(free_it, block[3]), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere, block[3]), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(write_and_take, block[BLOCKS]), MISUSE_CORRUPT_LINK);
    block[BLOCKS] = heap_alloc(SIZE);
    block[3] = heap_alloc(SIZE);
    fill(block[3], SIZE, 3);
    fill(block[BLOCKS], SIZE, BLOCKS);
    drop(0, 2 * BLOCKS);
    start();
}

/* What a fork leaves of another thread's heap: the spares are found on the lists again. */
static void test_rebuild(void) {
    start();
    take(2 * BLOCKS);
    drop(0, 5);
    struct pool *pool = owner_pool(block[0]);
    uint32_t quota = pool->top >> 16;
    spare_rebuild(self.heap);
    CU_ASSERT_EQUAL(spares(), 0);
    CU_ASSERT_EQUAL(block_list_length(pool), 5);
    CU_ASSERT(block_list_has(pool, block[4]));
    pool->top = quota << 16 | (uint16_t)pool->top;
    heap_pool_reopened(self.heap, pool);
    drop(5, 2 * BLOCKS);
    start();
}

CU_TestInfo spare_tests[] = {
    {"a free and a malloc", test_pairs},
    {"their pool goes back", test_goes_back},
    {"more than there is room for", test_most},
    {"misuse", test_misuse},
    {"rebuilt", test_rebuild},
    CU_TEST_INFO_NULL,
};
