#include "block_list.h"
#include "owner.h"
#include "support.h"

static void expect(const void *p, enum pool_kind kind, const void *start, size_t bytes, bool free) {
    struct pool_place place = pool_place(p);
    CU_ASSERT_EQUAL(place.kind, kind);
    CU_ASSERT_EQUAL(pool_classify(p), kind);
    CU_ASSERT_PTR_EQUAL(place.start, start);
    CU_ASSERT_EQUAL(place.bytes, bytes);
    CU_ASSERT_EQUAL(place.free, free);
}

static void expect_nothing(const void *p, enum pool_kind kind) {
    expect(p, kind, NULL, 0, false);
}

static void test_nobodys(void) {
    int on_stack;
    expect_nothing(NULL, KIND_FOREIGN);
    expect_nothing(&on_stack, KIND_FOREIGN);
    expect_nothing(&test_hooks, KIND_FOREIGN);
    expect_nothing((const void *)UINTPTR_MAX, KIND_FOREIGN);
    pool_free(pool_malloc(1));
    expect_nothing(NULL, KIND_FOREIGN);
    expect_nothing(&on_stack, KIND_FOREIGN);
    expect_nothing((const void *)UINTPTR_MAX, KIND_FOREIGN);
}

static void test_block(void) {
    char *block = pool_malloc(300), *other = pool_malloc(300);
    size_t bytes = pool_usable(block);
    expect(block, KIND_BLOCK, block, bytes, false);
    for (size_t i = 1; i < bytes; i++)
        expect(block + i, KIND_INTERIOR, block, bytes, false);
    pool_free(other);
    expect(other, KIND_BLOCK, other, bytes, true);
    expect(other + 1, KIND_INTERIOR, other, bytes, true);
    struct pool *pool = owner_pool(block);
    if (pool->carved < pool->capacity)
        expect_nothing(pool->base + pool->carved * pool->block_size, KIND_INTERIOR);
    expect_nothing(pool->base + POOL_BYTES - 1, KIND_INTERIOR);
    pool_free(block);
}

static void test_run(void) {
    char *run = pool_malloc(100000), *behind = pool_malloc(100000);
    size_t bytes = pool_usable(run);
    expect(run, KIND_RUN, run, bytes, false);
    expect(run + 1, KIND_INTERIOR, run, bytes, false);
    expect(run + bytes - 1, KIND_INTERIOR, run, bytes, false);
    pool_free(run);
    expect(run, KIND_RUN, run, bytes, true); /* the heap keeps it a while */
    pool_trim(0);
    expect_nothing(run, KIND_FREED);
    pool_free(behind);
}

static void test_large(void) {
    size_t size = RUN_MAX * 5;
    char *large = pool_malloc(size);
    expect(large, KIND_LARGE, large, pool_usable(large), false);
    expect(large + 1, KIND_INTERIOR, large, pool_usable(large), false);
    expect(large + POOL_BYTES * 3, KIND_INTERIOR, large, pool_usable(large), false);
    expect(large + size - 1, KIND_INTERIOR, large, pool_usable(large), false);
    pool_free(large);
    pool_trim(0);
    expect_nothing(large, KIND_FOREIGN);
    expect_nothing(large + POOL_BYTES * 3, KIND_FOREIGN);
}

/* Blocks of many sizes: every pointer into the arenas belongs to the block it lies in. */
#define BLOCKS 4000

static void test_many(void) {
    static char *block[BLOCKS];
    uint64_t state = 5;
    for (int i = 0; i < BLOCKS; i++)
        block[i] = pool_malloc(random_size(&state, 1, RUN_MAX * 2));
    for (int i = 0; i < BLOCKS; i++) {
        size_t bytes = pool_usable(block[i]), at = random_next(&state) % bytes;
        struct pool_place place = pool_place(block[i] + at);
        CU_ASSERT_PTR_EQUAL(place.start, block[i]);
        CU_ASSERT_EQUAL(place.bytes, bytes);
        CU_ASSERT(!place.free);
    }
    for (int i = 0; i < BLOCKS; i++)
        pool_free(block[i]);
}

/* Any value of a pointer can be asked about, at any time. */
static void test_whatever(void) {
    uint64_t state = 6;
    for (int i = 0; i < 300000; i++) {
        uintptr_t p = random_next(&state) >> random_next(&state) % 64;
        if (pool_place((const void *)p).start != NULL)
            CU_FAIL("a pointer by chance into a block");
    }
    char *block = pool_malloc(10);
    const struct arena *arena = owner_pool(block)->arena;
    for (size_t offset = 0; offset < ARENA_BYTES; offset += 13)
        if (pool_classify(arena->base + offset) == KIND_FOREIGN)
            CU_FAIL_FATAL("an arena's memory is nobody's");
    CU_ASSERT_EQUAL(pool_classify(arena->base + ARENA_BYTES), KIND_FOREIGN);
    pool_free(block);
}

CU_TestInfo place_tests[] = {
    {"nobody's", test_nobodys}, {"block", test_block}, {"run", test_run},
    {"large", test_large},      {"many", test_many},   {"whatever", test_whatever},
    CU_TEST_INFO_NULL,
};
