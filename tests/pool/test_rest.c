#include "rest.h"

#include "arena.h"
#include "block_list.h"
#include "heap_slow.h"
#include "support.h"

#define SIZE   1024
#define BLOCKS (POOL_BYTES / SIZE)
#define POOLS  (REST_MAX + 8)

static char *block[POOLS * BLOCKS];

static uint32_t pools(void) {
    return self.heap->count[class_of(SIZE)].pools;
}

static void limit(uint32_t keep) {
    rest_limit(self.heap, keep);
    heap_check(self.heap);
}

static void take(uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        block[i] = heap_alloc(SIZE);
}

static void drop(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++)
        heap_free(block[i]);
    heap_check(self.heap);
}

static void test_rests(void) {
    take(2 * BLOCKS);
    drop(0, BLOCKS);
    struct pool *pool = owner_pool(block[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    CU_ASSERT_EQUAL(pool->resting, 1);
    CU_ASSERT_EQUAL(pool_used(pool), 0);
    CU_ASSERT_EQUAL(self.heap->rest_bytes, POOL_BYTES);
    limit(POOL_BYTES);
    CU_ASSERT_EQUAL(pool->resting, 1);
    limit(POOL_BYTES - 1);
    CU_ASSERT_EQUAL(self.heap->rest_bytes, 0);
    CU_ASSERT_EQUAL(pools(), 1);
    CU_ASSERT_PTR_NULL(owner_pool(block[0]));
    drop(BLOCKS, 2 * BLOCKS);
    limit(0);
}

/* A pool that is used again rests on, and stays when its time is over. */
static void test_used_again(void) {
    take(BLOCKS);
    drop(0, BLOCKS);
    struct pool *pool = owner_pool(block[0]);
    char *again = heap_alloc(SIZE);
    CU_ASSERT_PTR_EQUAL(owner_pool(again), pool);
    CU_ASSERT_EQUAL(pool->resting, 1);
    limit(0);
    CU_ASSERT_EQUAL(pool->resting, 0);
    CU_ASSERT_PTR_EQUAL(owner_pool(again), pool);
    heap_free(again);
    limit(0);
    CU_ASSERT_PTR_NULL(owner_pool(again));
}

/* Full again, its rest is over. */
static void test_full_again(void) {
    take(BLOCKS);
    drop(0, BLOCKS);
    take(BLOCKS);
    CU_ASSERT_EQUAL(owner_pool(block[0])->resting, 0);
    CU_ASSERT_EQUAL(self.heap->rest_bytes, 0);
    drop(0, BLOCKS);
    limit(0);
}

/* The oldest go when there are too many, in number or bytes. */
static void test_many(void) {
    take(POOLS * BLOCKS);
    CU_ASSERT_EQUAL(pools(), POOLS);
    drop(0, POOLS * BLOCKS);
    CU_ASSERT(self.heap->rest_bytes <= (uint32_t)512 << 10);
    CU_ASSERT(self.heap->rest_bytes >= REST_LEAST);
    CU_ASSERT_EQUAL(pools(), self.heap->rest_bytes / POOL_BYTES);
    CU_ASSERT_PTR_NULL(owner_pool(block[0]));
    CU_ASSERT_PTR_NOT_NULL(owner_pool(block[POOLS * BLOCKS - 1]));
    limit(0);
    CU_ASSERT_EQUAL(pools(), 0);
}

/* Where many rest, another class takes the oldest that is empty; where few do, none. */
static void test_other_class(void) {
    enum { OTHER = 12000 };
    take(POOLS * BLOCKS);
    drop(0, POOLS * BLOCKS);
    uint32_t rested = pools();
    struct pool *oldest = self.heap->rest[(self.heap->rest_next - rested) % REST_MAX];
    CU_ASSERT_PTR_NOT_NULL_FATAL(oldest);
    char *other = heap_alloc(OTHER);
    CU_ASSERT_PTR_EQUAL(owner_pool(other), oldest);
    CU_ASSERT_EQUAL(oldest->size_class, class_of(OTHER));
    CU_ASSERT_EQUAL(oldest->resting, 0);
    CU_ASSERT_EQUAL(pools(), rested - 1);
    fill(other, OTHER, 1);
    heap_check(self.heap);
    CU_ASSERT(filled(other, OTHER, 1));
    heap_free(other);
    limit(0);
    arena_check();

    take(BLOCKS);
    drop(0, BLOCKS);
    other = heap_alloc(OTHER);
    CU_ASSERT_EQUAL(pools(), 1);
    heap_free(other);
    limit(0);
}

/* Pools that went back for want of room and were fetched again may rest. */
static void test_bounce(void) {
    enum { SOME = 40 };
    struct extra *extra = &self.heap->rest_extra;
    *extra = (struct extra){0};
    take(SOME * BLOCKS);
    drop(0, SOME * BLOCKS);
    uint32_t before = pools();
    CU_ASSERT(before < SOME);
    take(POOLS * BLOCKS);
    CU_ASSERT_EQUAL(extra->bytes, (SOME - before) * POOL_BYTES);
    drop(0, SOME * BLOCKS);
    CU_ASSERT_EQUAL(pools(), POOLS);
    drop(SOME * BLOCKS, POOLS * BLOCKS);
    CU_ASSERT(self.heap->rest_bytes > (uint32_t)512 << 10);
    CU_ASSERT(self.heap->rest_bytes <= ((uint32_t)512 << 10) + extra->bytes);
    *extra = (struct extra){0};
    rest_fit(self.heap);
    CU_ASSERT(self.heap->rest_bytes <= (uint32_t)512 << 10);
    limit(0);
}

/* Nothing is learnt from what is fetched for the first time, or was given back on demand. */
static void test_no_bounce(void) {
    struct extra *extra = &self.heap->rest_extra;
    *extra = (struct extra){0};
    take(POOLS * BLOCKS);
    CU_ASSERT_EQUAL(extra->bytes, 0);
    drop(0, 8 * BLOCKS);
    limit(0);
    take(8 * BLOCKS);
    CU_ASSERT_EQUAL(extra->bytes, 0);
    drop(0, POOLS * BLOCKS);
    limit(0);
    *extra = (struct extra){0};
}

CU_TestInfo rest_tests[] = {
    {"an empty pool rests", test_rests},
    {"used again", test_used_again},
    {"full again", test_full_again},
    {"too many", test_many},
    {"taken by another class", test_other_class},
    {"bounce", test_bounce},
    {"no bounce", test_no_bounce},
    CU_TEST_INFO_NULL,
};
