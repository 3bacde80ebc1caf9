#include "spare.h"

#include <string.h>

#include "coarse_blocks.h"
#include "remote.h"

/* A class that runs out takes a pool, all of whose blocks are spares then. */
static void test_pairs(void) {
    heap_free(heap_alloc(SIZE));
    start();
    take(2 * BLOCKS);
    CU_ASSERT_EQUAL(spares(), 0);
    for (uint32_t i = 0; i < 2 * BLOCKS; i++) {
        struct pool *pool = owner_pool(block[i]);
        heap_free(block[i]);
        CU_ASSERT_EQUAL(spares(), 1);
        CU_ASSERT_EQUAL(pool->state, POOL_FULL);
        CU_ASSERT_EQUAL(pool_used(pool), BLOCKS - 1);
        CU_ASSERT(pool_place(block[i]).free);
        CU_ASSERT_PTR_EQUAL(heap_alloc(SIZE), block[i]);
        CU_ASSERT_EQUAL(spares(), 0);
        CU_ASSERT(!pool_place(block[i]).free);
        fill(block[i], SIZE, i);
    }
    drop(0, 2 * BLOCKS);
}

/* Blocks come in the order of addresses, and are not touched: that is left to the program. */
static void test_order(void) {
    start();
    block[0] = heap_alloc(SIZE);
    CU_ASSERT_EQUAL(spares(), BLOCKS - 1);
    for (uint32_t i = 1; i < BLOCKS; i++) {
        block[i] = heap_alloc(SIZE);
        CU_ASSERT_PTR_EQUAL(block[i], block[i - 1] + SIZE);
    }
    for (uint32_t i = 0; i < BLOCKS; i++)
        memset(block[i], (int)i + 1, SIZE);
    for (uint32_t i = 0; i < BLOCKS; i++)
        heap_free(block[i]);
    for (uint32_t i = BLOCKS; i-- > 0;) {
        CU_ASSERT_PTR_EQUAL(heap_alloc(SIZE), block[i]);
        CU_ASSERT_EQUAL(block[i][0], (char)(i + 1));
        CU_ASSERT_EQUAL(block[i][SIZE - 1], (char)(i + 1));
    }
    for (uint32_t i = 0; i < BLOCKS; i++)
        heap_free(block[i]);
    start();
}

static void test_misuse(void) {
    start();
    take(2 * BLOCKS);
    heap_free(block[3]);
    CU_ASSERT_EQUAL(stopped_for(free_it, block[3]), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere, block[3]), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_it, block[2] + 16), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_it, block[2] + 1), MISUSE_UNALIGNED_FREE);
    free_elsewhere(block[4]);
    CU_ASSERT_EQUAL(stopped_for(free_it, block[4]), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_elsewhere, block[4]), MISUSE_DOUBLE_FREE);
    heap_collect(self.heap);
    CU_ASSERT_EQUAL(stopped_for(free_it, block[4]), MISUSE_DOUBLE_FREE);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t at = spares() == 2 ? 4 : 3;
        block[at] = heap_alloc(SIZE);
        fill(block[at], SIZE, at);
    }
    drop(0, 2 * BLOCKS);
    start();
}

/* As if another thread freed the block between the owner's look at the mail and its free. */
static void freed_by_both(void *p) {
    struct pool *pool = owner_pool(p);
    heap_free(p);
    atomic_fetch_or(&pool->mail, class_coarse_bit(p));
}

static void take_after_both(void *p) {
    freed_by_both(p);
    heap_alloc(SIZE);
}

static void collect_after_both(void *p) {
    freed_by_both(p);
    remote_push_pools(self.heap, &(struct mail_chain){owner_pool(p), owner_pool(p), 1});
    heap_collect(self.heap);
}

static void test_freed_by_both(void) {
    start();
    take(2 * BLOCKS);
    CU_ASSERT_EQUAL(stopped_for(take_after_both, block[1]), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(collect_after_both, block[1]), MISUSE_DOUBLE_FREE);
    drop(0, 2 * BLOCKS);
    start();
}

/* A late write harms nobody: there is nothing of ours in a free block. */
static void test_written_to(void) {
    start();
    take(2 * BLOCKS);
    for (uint32_t i = 0; i < 2 * BLOCKS; i++)
        heap_free(block[i]);
    for (uint32_t i = 0; i < 2 * BLOCKS; i++)
        memset(block[i], 0x41, SIZE);
    heap_check(self.heap);
    take(2 * BLOCKS);
    drop(0, 2 * BLOCKS);
    start();
}

CU_TestInfo spare_tests[] = {
    {"a free and a malloc", test_pairs},
    {"in the order of addresses", test_order},
    {"misuse", test_misuse},
    {"freed by two at once", test_freed_by_both},
    {"written to after the free", test_written_to},
    CU_TEST_INFO_NULL,
};
