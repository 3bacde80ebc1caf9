#include "large_cache.h"

#include "support.h"

#define MIB ((size_t)1 << 20)

/* Mappings that are nowhere: the cache keeps them without looking. */
static struct mapping made_up(size_t mib) {
    static uintptr_t next = (uintptr_t)1 << 40;
    next += (uintptr_t)1 << 32;
    return (struct mapping){(char *)next, mib * MIB};
}

static void put(size_t mib) {
    CU_ASSERT_PTR_NULL(cache_put(made_up(mib)).at);
}

static void expect_counts(size_t count, size_t mib) {
    CU_ASSERT_EQUAL(libpool_root.large.cached, count);
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, mib * MIB);
}

static void empty(void) {
    while (cache_oldest(SIZE_MAX).at != NULL)
        ;
    expect_counts(0, 0);
}

static void test_empty(void) {
    expect_counts(0, 0);
    CU_ASSERT_PTR_NULL(cache_take(MIB).at);
    CU_ASSERT_PTR_NULL(cache_oldest(SIZE_MAX).at);
}

static void test_best_fit(void) {
    put(10);
    put(6);
    put(5);
    put(20);
    expect_counts(4, 41);
    CU_ASSERT_EQUAL(cache_take(5 * MIB).bytes, 5 * MIB);
    CU_ASSERT_EQUAL(cache_take(5 * MIB).bytes, 6 * MIB);
    CU_ASSERT_EQUAL(cache_take(9 * MIB).bytes, 10 * MIB);
    expect_counts(1, 20);
    empty();
}

/* Where none is big enough the biggest will be grown, unless it is not worth it. */
static void test_grown(void) {
    put(8);
    put(40);
    put(9);
    CU_ASSERT_EQUAL(cache_take(10 * MIB).bytes, 40 * MIB);
    CU_ASSERT_EQUAL(cache_take(10 * MIB).bytes, 9 * MIB);
    CU_ASSERT_EQUAL(cache_take(10 * MIB).bytes, 8 * MIB);
    put(1);
    CU_ASSERT_PTR_NULL(cache_take(100 * MIB).at);
    empty();
}

/* Neighbours become one again, whichever is put last. */
static void test_joined(void) {
    struct mapping all = made_up(12);
    for (int last = 0; last < 3; last++) {
        for (int i = 1; i <= 3; i++) {
            size_t part = (size_t)(last + i) % 3;
            cache_put((struct mapping){all.at + part * 4 * MIB, 4 * MIB});
            put(2);
        }
        expect_counts(4, 18);
        struct mapping whole = cache_take(12 * MIB);
        CU_ASSERT_PTR_EQUAL(whole.at, all.at);
        CU_ASSERT_EQUAL(whole.bytes, 12 * MIB);
        empty();
    }
}

static void test_part_of_oldest(void) {
    put(10);
    put(3);
    struct mapping first = cache_oldest(4 * MIB), second = cache_oldest(MIB);
    CU_ASSERT_EQUAL(first.bytes, 4 * MIB);
    CU_ASSERT_EQUAL(second.bytes, MIB);
    CU_ASSERT_PTR_EQUAL(first.at + 4 * MIB, second.at);
    expect_counts(2, 8);
    CU_ASSERT_EQUAL(cache_oldest(5 * MIB).bytes, 5 * MIB);
    CU_ASSERT_EQUAL(cache_oldest(5 * MIB).bytes, 3 * MIB);
    expect_counts(0, 0);
}

static void test_oldest(void) {
    for (size_t i = 1; i <= 5; i++)
        put(i);
    for (size_t i = 1; i <= 5; i++)
        CU_ASSERT_EQUAL(cache_oldest(SIZE_MAX).bytes, i * MIB);
    expect_counts(0, 0);
}

static void test_full(void) {
    for (size_t i = 1; i <= CACHE_MAX; i++)
        put(i);
    for (size_t i = 1; i <= 5; i++) {
        struct mapping out = cache_put(made_up(100));
        CU_ASSERT_EQUAL(out.bytes, i * MIB);
        CU_ASSERT_EQUAL(libpool_root.large.cached, CACHE_MAX);
    }
    empty();
}

/* What goes in comes out, once. */
static void test_random(void) {
    static char in[2000];
    uint64_t state = 8;
    int inside = 0;
    for (int step = 0; step < 20000; step++) {
        size_t mib = 1 + random_next(&state) % 1999;
        struct mapping out = {NULL, 0};
        if (random_next(&state) % 2 == 0 && !in[mib]) {
            in[mib] = 1;
            inside++;
            out = cache_put(made_up(mib));
        } else {
            out = cache_take(mib * MIB);
        }
        if (out.at != NULL) {
            CU_ASSERT_FATAL(in[out.bytes / MIB] == 1);
            in[out.bytes / MIB] = 0;
            inside--;
        }
        CU_ASSERT_EQUAL_FATAL(libpool_root.large.cached, (uint64_t)inside);
    }
    empty();
}

CU_TestInfo large_cache_tests[] = {
    {"empty", test_empty},
    {"best fit", test_best_fit},
    {"one to be grown", test_grown},
    {"neighbours joined", test_joined},
    {"part of the oldest", test_part_of_oldest},
    {"oldest", test_oldest},
    {"full", test_full},
    {"at random", test_random},
    CU_TEST_INFO_NULL,
};
