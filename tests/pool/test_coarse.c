#include "coarse.h"

#include "coarse_blocks.h"

/* Every block of every coarse class, where it should start. */
static void test_classes(void) {
    for (uint32_t c = FINE_CLASSES; c < class_count; c++) {
        uint32_t size = class_size(c), count = POOL_BYTES / size, starts = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t bit = class_coarse_bit((char *)POOL_BYTES + i * size);
            CU_ASSERT_EQUAL(starts & (bit | HELD_RESTING), 0);
            starts |= bit;
        }
        CU_ASSERT_EQUAL(starts, class_coarse_starts[c - FINE_CLASSES]);
        char *first = heap_alloc_class(c, MIN_ALIGN), *next = heap_alloc_class(c, MIN_ALIGN);
        CU_ASSERT(pool_usable(first) >= size && pool_usable(next) >= size);
        fill(first, size, c);
        fill(next, size, c + 1);
        CU_ASSERT(filled(first, size, c));
        heap_check(self.heap);
        heap_free(first);
        heap_free(next);
    }
    give_back_kept();
}

/* Spares keep no pool: it rests when its last block is freed, and goes back with all of them. */
static void test_goes_back(void) {
    start();
    take(3 * BLOCKS);
    drop(0, BLOCKS);
    CU_ASSERT_EQUAL(spares(), BLOCKS);
    CU_ASSERT_EQUAL(owner_pool(block[0])->resting, 1);
    /* Taken again while it rests. */
    block[0] = heap_alloc(SIZE);
    fill(block[0], SIZE, 0);
    drop(0, 1);
    CU_ASSERT_EQUAL(owner_pool(block[0])->resting, 1);
    heap_give_back(self.heap, 0);
    CU_ASSERT_EQUAL(spares(), 0);
    CU_ASSERT_EQUAL(pools(), 2);
    heap_check(self.heap);
    drop(BLOCKS, 3 * BLOCKS);
    start();
}

/* There is room for so many; beyond, pools are reopened, and taken into use again whole. */
static void test_most(void) {
    start();
    take(POOLS * BLOCKS);
    for (uint32_t i = 0; i < POOLS; i++)
        heap_free(block[i * BLOCKS]);
    CU_ASSERT_EQUAL(spares(), SPARE_MAX);
    CU_ASSERT_EQUAL(owner_pool(block[0])->state, POOL_FULL);
    CU_ASSERT_EQUAL(owner_pool(block[(POOLS - 1) * BLOCKS])->state, POOL_USED);
    heap_check(self.heap);
    /* Another of a pool that has a spare: out of the row with it. */
    drop(1, 2);
    CU_ASSERT_EQUAL(spares(), SPARE_MAX - 1);
    CU_ASSERT_EQUAL(owner_pool(block[0])->state, POOL_USED);
    for (uint32_t i = 0; i < POOLS; i++) {
        block[i * BLOCKS] = heap_alloc(SIZE);
        fill(block[i * BLOCKS], SIZE, i * BLOCKS);
    }
    block[1] = heap_alloc(SIZE);
    fill(block[1], SIZE, 1);
    CU_ASSERT_EQUAL(pools(), POOLS);
    CU_ASSERT_EQUAL(spares(), 0);
    drop(0, POOLS * BLOCKS);
    start();
}

static void free_pool(void *p) {
    for (uint32_t i = 0; i < BLOCKS; i++)
        heap_free(((char **)p)[i]);
}

/* What another thread freed becomes spare where there is room. */
static void test_collect(void) {
    enum { FULL = SPARE_MAX / BLOCKS };
    start();
    take((FULL + 3) * BLOCKS);
    in_thread(free_pool, block);
    CU_ASSERT_EQUAL(pool_mail(owner_pool(block[0])), BLOCKS);
    CU_ASSERT_EQUAL(pool_used(owner_pool(block[0])), BLOCKS);
    CU_ASSERT(pool_place(block[0]).free);
    heap_collect(self.heap);
    CU_ASSERT_EQUAL(spares(), BLOCKS);
    CU_ASSERT_EQUAL(owner_pool(block[0])->resting, 1);
    drop(BLOCKS, FULL * BLOCKS);
    CU_ASSERT_EQUAL(spares(), FULL * BLOCKS); /* no room for another pool's */
    in_thread(free_pool, block + (FULL + 1) * BLOCKS);
    heap_collect(self.heap);
    CU_ASSERT_EQUAL(owner_pool(block[(FULL + 1) * BLOCKS])->state, POOL_USED);
    heap_check(self.heap);
    drop(FULL * BLOCKS, (FULL + 1) * BLOCKS);
    drop((FULL + 2) * BLOCKS, (FULL + 3) * BLOCKS);
    start();
}

/* A thread that ends leaves no block in hand. */
static void test_close(void) {
    start();
    take(20 * BLOCKS);
    for (uint32_t i = 0; i < 20 * BLOCKS; i += 5)
        heap_free(block[i]);
    CU_ASSERT(spares() > 0);
    coarse_close(self.heap);
    CU_ASSERT_EQUAL(spares(), 0);
    heap_check(self.heap);
    for (uint32_t i = 0; i < 20 * BLOCKS; i += 5) {
        block[i] = heap_alloc(SIZE);
        fill(block[i], SIZE, i);
    }
    CU_ASSERT_EQUAL(pools(), 20);
    drop(0, 20 * BLOCKS);
    start();
}

/* What a fork leaves of another thread's heap: the bits tell what is free. */
static void test_rebuild(void) {
    start();
    take(2 * BLOCKS);
    drop(0, 5);
    struct pool *pool = owner_pool(block[0]), *full = owner_pool(block[BLOCKS]);
    self.heap->spare_last[COARSE] = self.heap->spare[COARSE];
    coarse_rebuild(self.heap, pool);
    coarse_rebuild(self.heap, full);
    CU_ASSERT_EQUAL(pool->state, POOL_USED);
    CU_ASSERT_EQUAL(full->state, POOL_FULL);
    CU_ASSERT_EQUAL(pool_free_blocks(pool), 5);
    heap_check(self.heap);
    take(5);
    CU_ASSERT_EQUAL(pools(), 2);
    CU_ASSERT_EQUAL(pool->state, POOL_FULL);
    drop(0, 2 * BLOCKS);
    start();
}

CU_TestInfo coarse_tests[] = {
    {"where blocks start", test_classes},
    {"an empty pool goes back", test_goes_back},
    {"more spares than there is room for", test_most},
    {"freed elsewhere", test_collect},
    {"the thread ends", test_close},
    {"rebuilt", test_rebuild},
    CU_TEST_INFO_NULL,
};
