#include <errno.h>
#include <string.h>

#include "size_class.h"
#include "support.h"

static const size_t sizes[] = {1,          16,      24,          100,    512,       1000,
                               1024,       1025,    4096,        5000,   SMALL_MAX, SMALL_MAX + 1,
                               POOL_BYTES, RUN_MAX, RUN_MAX + 1, 3 << 20};
#define SIZES (sizeof sizes / sizeof sizes[0])

/* Memory that others have used and that calloc gets again. */
static void test_calloc(void) {
    for (size_t i = 0; i < SIZES; i++) {
        size_t count = sizes[i] < 10000 ? 40 : 3;
        static char *block[40];
        for (int round = 0; round < 4; round++) {
            for (size_t j = 0; j < count; j++) {
                block[j] = pool_calloc(1 + j % 3, (sizes[i] + j % 3) / (1 + j % 3));
                CU_ASSERT_PTR_NOT_NULL_FATAL(block[j]);
                CU_ASSERT(zero(block[j], sizes[i] / (1 + j % 3) * (1 + j % 3)));
                memset(block[j], 0xff, pool_usable(block[j]));
            }
            for (size_t j = 0; j < count; j++)
                pool_free(block[j]);
        }
    }
}

static void test_calloc_overflow(void) {
    static const size_t half = (size_t)1 << 32;
    errno = 0;
    CU_ASSERT_PTR_NULL(pool_calloc(half, half));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    CU_ASSERT_PTR_NULL(pool_calloc(SIZE_MAX, 2));
    CU_ASSERT_PTR_NULL(pool_calloc(3, SIZE_MAX / 2));
    CU_ASSERT_PTR_NULL(pool_calloc(1, PTRDIFF_MAX));
    void *block = pool_calloc(0, SIZE_MAX);
    CU_ASSERT_PTR_NOT_NULL(block);
    pool_free(block);
}

/* From each size to each other. */
static void test_realloc(void) {
    for (size_t i = 0; i < SIZES; i++)
        for (size_t j = 0; j < SIZES; j++) {
            size_t kept = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
            char *block = pool_malloc(sizes[i]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(block);
            for (size_t k = 0; k < sizes[i]; k++)
                block[k] = (char)(k * 7 + k / 256);
            block = pool_realloc(block, sizes[j]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(block);
            CU_ASSERT(pool_usable(block) >= sizes[j]);
            size_t wrong = 0;
            for (size_t k = 0; k < kept; k++)
                wrong += block[k] != (char)(k * 7 + k / 256);
            CU_ASSERT_EQUAL(wrong, 0);
            memset(block, 1, sizes[j]);
            pool_free(block);
        }
}

/* Shrinking gives memory back sooner or later, growing in steps copies seldom. */
static void test_realloc_steps(void) {
    char *block = NULL;
    int moves = 0;
    for (size_t size = 1; size <= SMALL_MAX; size++) {
        char *was = block;
        block = pool_realloc(block, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        moves += block != was;
        block[size - 1] = (char)size;
    }
    CU_ASSERT(moves < (int)(2 * class_count));
    for (size_t size = 1; size <= SMALL_MAX; size++)
        if (block[size - 1] != (char)size)
            CU_FAIL_FATAL("lost in a step");
    for (size_t size = SMALL_MAX; size > 0; size /= 2) {
        block = pool_realloc(block, size);
        CU_ASSERT(pool_usable(block) <= 64 + 2 * size);
        CU_ASSERT_EQUAL(block[size - 1], (char)size);
    }
    pool_free(block);
}

static void test_realloc_edges(void) {
    char *block = pool_realloc(NULL, 100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    fill(block, 100, 1);
    errno = 0;
    CU_ASSERT_PTR_NULL(pool_realloc(block, SIZE_MAX - 100));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    CU_ASSERT_PTR_NULL(pool_realloc(block, (size_t)PTRDIFF_MAX + 1));
    CU_ASSERT(filled(block, 100, 1));
    block = pool_realloc(block, 0);
    CU_ASSERT_PTR_NOT_NULL(block);
    pool_free(block);
    block = pool_malloc(RUN_MAX * 3);
    CU_ASSERT_PTR_NULL(pool_realloc(block, SIZE_MAX));
    block = pool_realloc(block, 10);
    CU_ASSERT(pool_usable(block) < 100);
    pool_free(block);
}

static void realloc_it(void *p) {
    pool_realloc(p, 5000);
}

static void ask_usable(void *p) {
    pool_usable(p);
}

static void test_misuse(void) {
    char *block = pool_malloc(100), *large = pool_malloc(RUN_MAX * 2), *freed = pool_malloc(100);
    int on_stack;
    pool_free(freed);
    CU_ASSERT_EQUAL(stopped_for(realloc_it, freed), MISUSE_DOUBLE_FREE);
    CU_ASSERT_EQUAL(stopped_for(realloc_it, block + 16), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(realloc_it, block + 1), MISUSE_UNALIGNED_FREE);
    CU_ASSERT_EQUAL(stopped_for(realloc_it, large + 16), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(ask_usable, large + 16), MISUSE_INTERIOR_FREE);
    CU_ASSERT_EQUAL(stopped_for(ask_usable, &on_stack), MISUSE_INVALID_FREE);
    CU_ASSERT_EQUAL(stopped_for(ask_usable, NULL), RETURNED);
    CU_ASSERT_EQUAL(stopped_for(ask_usable, block), RETURNED);
    pool_free(block);
    pool_free(large);
}

static void test_aligned(void) {
    for (size_t align = 1; align <= (size_t)1 << 30; align *= 2)
        for (size_t i = 0; i < SIZES; i++) {
            char *block = pool_aligned(align, sizes[i]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(block);
            CU_ASSERT_EQUAL((uintptr_t)block & (align - 1), 0);
            CU_ASSERT((uintptr_t)block % MIN_ALIGN == 0);
            CU_ASSERT(pool_usable(block) >= sizes[i]);
            memset(block, 0xff, sizes[i]);
            if (align < (size_t)1 << 20) {
                block = pool_realloc(block, sizes[i] * 2);
                CU_ASSERT_PTR_NOT_NULL_FATAL(block);
                CU_ASSERT_EQUAL(block[0], (char)0xff);
                CU_ASSERT_EQUAL(block[sizes[i] - 1], (char)0xff);
            }
            pool_free(block);
        }
    void *empty = pool_aligned(64, 0);
    CU_ASSERT_PTR_NOT_NULL(empty);
    pool_free(empty);
}

static void test_aligned_nothing(void) {
    for (size_t align = 1; align <= (size_t)1 << 20; align *= 2) {
        char *block = pool_aligned(align, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        CU_ASSERT_EQUAL((uintptr_t)block & (align - 1), 0);
        pool_free(block);
    }
}

static void test_aligned_refused(void) {
    static const size_t wrong[] = {0, 3, 24, SIZE_MAX, (size_t)1 << 31, (size_t)1 << 63};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        errno = 0;
        CU_ASSERT_PTR_NULL(pool_aligned(wrong[i], 100));
        CU_ASSERT_EQUAL(errno, EINVAL);
    }
    errno = 0;
    CU_ASSERT_PTR_NULL(pool_aligned(64, PTRDIFF_MAX));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    CU_ASSERT_PTR_NULL(pool_aligned(8192, SIZE_MAX));
}

/* What succeeds leaves errno alone. */
static void test_errno(void) {
    errno = 77;
    for (size_t i = 0; i < SIZES; i++) {
        pool_free(pool_malloc(sizes[i]));
        pool_free(pool_calloc(2, sizes[i]));
        pool_free(pool_realloc(pool_malloc(sizes[i]), sizes[i] * 3));
        pool_free(pool_aligned(4096, sizes[i]));
        pool_trim(0);
    }
    CU_ASSERT_EQUAL(errno, 77);
}

CU_TestInfo request_tests[] = {
    {"calloc clears", test_calloc},
    {"calloc of too much", test_calloc_overflow},
    {"realloc, any size to any", test_realloc},
    {"realloc in steps", test_realloc_steps},
    {"realloc at its edges", test_realloc_edges},
    {"misuse", test_misuse},
    {"aligned", test_aligned},
    {"aligned, refused", test_aligned_refused},
    {"errno", test_errno},
    {"no bytes, aligned", test_aligned_nothing},
    CU_TEST_INFO_NULL,
};
