#include "slot.h"

#include "block_list.h"
#include "heap_slow.h"
#include "support.h"

#define LENT  1024
#define COUNT (POOL_BYTES / LENT)

static char *lent[COUNT];

/* A full pool of the larger class, of which `count` blocks came back; nothing else. */
static void start(uint32_t count) {
    heap_free(heap_alloc(16));
    give_back_kept();
    for (uint32_t i = 0; i < COUNT; i++)
        lent[i] = heap_alloc(LENT);
    for (uint32_t i = 0; i < count; i++)
        heap_free(lent[i]);
    heap_check(self.heap);
}

static void finish(uint32_t count) {
    for (uint32_t i = count; i < COUNT; i++)
        heap_free(lent[i]);
    heap_check(self.heap);
}

static void use(char **block, uint32_t count, size_t size) {
    for (uint32_t i = 0; i < count; i++)
        block[i] = heap_alloc(size);
}

static void give(char **block, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        heap_free(block[i]);
}

/* A class of its group, until memory was touched for it often enough: what goes round does not
 * count, however often it comes back. */
static void test_groups(void) {
    static char *block[400];
    start(0);
    for (uint32_t round = 0; round < 100; round++) {
        use(block, 40, 5 * 16);
        CU_ASSERT_EQUAL(pool_usable(block[39]), 6 * 16);
        give(block, 40);
        give_back_kept();
    }
    use(block, 400, 5 * 16);
    uint32_t own = 0;
    for (uint32_t i = 0; i < 400; i++)
        own += pool_usable(block[i]) == 5 * 16;
    CU_ASSERT(own > 100 && own < 350);
    heap_check(self.heap);
    give(block, 400);
    finish(0);
}

/* Once a pair has pools of its own, requests of either size find them without the slow path. */
static void test_pairs(void) {
    enum { ODD = 35, EVEN = 36, BLOCKS = 400 };
    static char *block[BLOCKS];
    start(0);
    use(block, BLOCKS, EVEN * 16);
    CU_ASSERT_EQUAL(pool_usable(block[BLOCKS - 1]), EVEN * 16);
    CU_ASSERT_EQUAL(self.heap->source[ODD], EVEN);
    CU_ASSERT(self.slot[EVEN] != &pool_none);
    CU_ASSERT_PTR_EQUAL(self.slot[ODD], self.slot[EVEN]);
    heap_free(block[0]);
    char *odd = heap_alloc(ODD * 16);
    CU_ASSERT_EQUAL(pool_usable(odd), EVEN * 16);
    heap_free(odd);
    give(block + 1, BLOCKS - 1);
    finish(0);
}

/* An aligned request may name the smaller size: it takes from the pair's pools, each to its end. */
static void test_aligned_pairs(void) {
    enum { BLOCKS = 1200 };
    static const uint32_t classes[] = {35, 47, 63};
    static char *block[BLOCKS];
    for (uint32_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        uint32_t own = class_own(classes[i]), capacity = POOL_BYTES / class_size(own);
        start(0);
        for (uint32_t b = 0; b < BLOCKS; b++)
            block[b] = pool_aligned(16, class_size(classes[i]));
        CU_ASSERT_EQUAL(pool_usable(block[BLOCKS - 1]), class_size(own));
        CU_ASSERT(self.heap->count[own].pools <= BLOCKS / capacity + 2);
        for (uint32_t b = 0; b < BLOCKS; b += 2) {
            heap_free(block[b]);
            block[b] = b % 4 == 0 ? pool_aligned(16, class_size(classes[i])) : heap_alloc(16 * own);
        }
        give(block, BLOCKS);
        finish(0);
        give_back_kept();
        CU_ASSERT_EQUAL(self.heap->count[own].pools, 0);
    }
}

/* Blocks that came back serve a smaller class before it touches memory of its own. */
static void test_borrows(void) {
    char *block[COUNT];
    start(COUNT / 2);
    uint32_t pools = self.heap->count[class_of(768)].pools;
    for (uint32_t i = 0; i < COUNT / 2; i++) {
        block[i] = heap_alloc(700);
        CU_ASSERT_EQUAL(pool_usable(block[i]), LENT);
        fill(block[i], LENT, i);
    }
    CU_ASSERT_EQUAL(self.heap->count[class_of(768)].pools, pools);
    heap_check(self.heap);
    char *next = heap_alloc(700);
    CU_ASSERT_EQUAL(pool_usable(next), 768);
    heap_free(next);
    for (uint32_t i = 0; i < COUNT / 2; i++) {
        CU_ASSERT(filled(block[i], LENT, i));
        heap_free(block[i]);
    }
    finish(COUNT / 2);
}

/* The lender and the borrower take turns; when the list is at its end, both have lost it. */
static void test_both(void) {
    start(COUNT / 2);
    char *one = heap_alloc(700), *two = heap_alloc(LENT);
    CU_ASSERT_PTR_EQUAL(owner_pool(one), owner_pool(two));
    char *rest[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        rest[i] = heap_alloc(LENT);
    CU_ASSERT(self.slot[class_of(700)] == &pool_none ||
              !block_list_empty(self.slot[class_of(700)]));
    heap_check(self.heap);
    for (uint32_t i = 0; i < COUNT; i++)
        heap_free(rest[i]);
    heap_free(one);
    heap_free(two);
    finish(COUNT / 2);
}

/* What was cut and never used stays with the class that grows, and half as much again is most. */
static void test_not_lent(void) {
    start(0);
    char *first = heap_alloc(LENT);
    char *small = heap_alloc(700);
    CU_ASSERT_EQUAL(pool_usable(small), 768);
    heap_free(small);
    heap_free(first);
    finish(0);
    start(COUNT - 1);
    small = heap_alloc(500);
    CU_ASSERT_EQUAL(pool_usable(small), 512);
    heap_free(small);
    finish(COUNT - 1);
}

/* A borrowed block would be aligned only by chance. */
static void test_aligned(void) {
    static char *odd[3 * (POOL_BYTES / 992)];
    uint32_t count = sizeof odd / sizeof *odd, odd_class = class_of(992);
    start(0);
    self.heap->wanted[odd_class] = UINT8_MAX;
    CU_ASSERT_EQUAL(slot_source(self.heap, odd_class), odd_class);
    for (uint32_t i = 0; i < count; i++)
        odd[i] = heap_alloc(992);
    for (uint32_t i = 0; i + 1 < count; i++)
        heap_free(odd[i]);
    char *plain = heap_alloc(700), *block[8];
    for (int i = 0; i < 8; i++) {
        block[i] = pool_aligned(64, 704);
        CU_ASSERT_EQUAL((uintptr_t)block[i] % 64, 0);
    }
    CU_ASSERT_EQUAL(pool_usable(plain), 992);
    heap_check(self.heap);
    for (int i = 0; i < 8; i++)
        heap_free(block[i]);
    heap_free(plain);
    heap_free(odd[count - 1]);
    finish(0);
}

/* A thread's end leaves its pools on the lists, lent ones once. */
static void borrow_and_end(void *p) {
    char **left = p;
    start(COUNT / 2);
    left[0] = heap_alloc(700);
    left[1] = lent[COUNT - 1];
    for (uint32_t i = COUNT / 2; i + 1 < COUNT; i++)
        heap_free(lent[i]);
    left[2] = (char *)self.heap;
}

static void test_cleared(void) {
    char *left[3];
    in_thread(borrow_and_end, left);
    struct heap *heap = (struct heap *)left[2];
    struct pool *pool = owner_pool(left[0]);
    CU_ASSERT_PTR_EQUAL(heap->partial[class_of(LENT)].first, pool);
    CU_ASSERT_PTR_EQUAL(heap->partial[class_of(LENT)].last, pool);
    CU_ASSERT_EQUAL(heap->source[class_of(LENT)], class_of(LENT));
    heap_free(left[0]);
    heap_free(left[1]);
}

CU_TestInfo slot_tests[] = {
    {"groups of classes", test_groups},
    {"the two of a pair", test_pairs},
    {"aligned blocks of a pair", test_aligned_pairs},
    {"a smaller class borrows", test_borrows},
    {"lender and borrower", test_both},
    {"what is not lent", test_not_lent},
    {"aligned blocks", test_aligned},
    {"a thread's end", test_cleared},
    CU_TEST_INFO_NULL,
};
