/* Aligned allocation. */
#define _GNU_SOURCE
#include <CUnit/Basic.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"

/* Aligned, big enough, writable, apart from its neighbours, resizable. */
static void check_block(void *block, size_t align, size_t size) {
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    CU_ASSERT_EQUAL((uintptr_t)block % align, 0);
    CU_ASSERT_TRUE(malloc_usable_size(block) >= size);
    memset(block, 0x6b, size);
    char *bigger = realloc(block, size * 2 + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bigger);
    CU_ASSERT_TRUE(size == 0 || (bigger[0] == 0x6b && bigger[size - 1] == 0x6b));
    free(bigger);
}

static void test_all_alignments(void) {
    for (size_t align = 1; align <= (size_t)1 << 24; align *= 2)
        for (size_t size = 0; size < 3000000; size = size * 4 + 1) {
            check_block(aligned_alloc(opaque(align), size), align, size);
            check_block(memalign(opaque(align), size), align, size);
            void *block = NULL;
            if (align >= sizeof(void *) && posix_memalign(&block, opaque(align), size) == 0)
                check_block(block, align, size);
        }
}

static void test_many_side_by_side(void) {
    enum { COUNT = 200 };
    char *blocks[COUNT];
    for (size_t align = 32; align <= 8192; align *= 2) {
        for (int i = 0; i < COUNT; i++) {
            blocks[i] = aligned_alloc(align, align / 2 + (size_t)i);
            CU_ASSERT_EQUAL((uintptr_t)blocks[i] % align, 0);
            memset(blocks[i], i, align / 2 + (size_t)i);
        }
        for (int i = 0; i < COUNT; i++) {
            CU_ASSERT_EQUAL(blocks[i][0], (char)i);
            CU_ASSERT_EQUAL(blocks[i][align / 2 + (size_t)i - 1], (char)i);
            free(blocks[i]);
        }
    }
}

static void test_aligned_alloc_odd(void) {
    static const size_t odd[] = {0, 3, 24, 48, SIZE_MAX, SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        errno = 0;
        CU_ASSERT_PTR_NULL(aligned_alloc(opaque(odd[i]), 100));
        CU_ASSERT_EQUAL(errno, EINVAL);
    }
    check_block(aligned_alloc(64, 100), 64, 100); /* no multiple of the alignment */
}

static void test_too_much(void) {
    static const size_t aligns[] = {16, 64, 4096, 65536, (size_t)1 << 30, (size_t)1 << 62};
    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
        errno = 0;
        CU_ASSERT_PTR_NULL(aligned_alloc(opaque(aligns[i]), PTRDIFF_MAX));
        CU_ASSERT_EQUAL(errno, ENOMEM);
        errno = 0;
        CU_ASSERT_PTR_NULL(memalign(opaque(aligns[i]), SIZE_MAX - 100));
        CU_ASSERT_EQUAL(errno, ENOMEM);
    }
    errno = 0;
    CU_ASSERT_PTR_NULL(aligned_alloc(opaque((size_t)1 << 62), 1));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    errno = 0;
    CU_ASSERT_PTR_NULL(pvalloc(SIZE_MAX - 10));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    errno = 0;
    CU_ASSERT_PTR_NULL(valloc(SIZE_MAX - 10));
    CU_ASSERT_EQUAL(errno, ENOMEM);
}

static void test_posix_memalign_refuses(void) {
    static const size_t odd[] = {0, 1, 2, 4, 3, 12, 24, SIZE_MAX};
    void *untouched = &untouched, *result = untouched;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        errno = 4711;
        CU_ASSERT_EQUAL(posix_memalign(&result, opaque(odd[i]), 100), EINVAL);
        CU_ASSERT_EQUAL(errno, 4711);
        CU_ASSERT_PTR_EQUAL(result, untouched);
    }
    errno = 4711;
    CU_ASSERT_EQUAL(posix_memalign(&result, 64, SIZE_MAX), ENOMEM);
    CU_ASSERT_EQUAL(posix_memalign(&result, opaque((size_t)1 << 62), 1), ENOMEM);
    CU_ASSERT_EQUAL(errno, 4711);
    CU_ASSERT_PTR_EQUAL(result, untouched);
}

static void test_memalign_rounds(void) {
    check_block(memalign(opaque(0), 100), 16, 100);
    check_block(memalign(opaque(3), 100), 16, 100);
    check_block(memalign(opaque(48), 100), 64, 100);
    check_block(memalign(opaque(4097), 100), 8192, 100);
    errno = 0;
    CU_ASSERT_PTR_NULL(memalign(opaque(SIZE_MAX / 2 + 2), 100));
    CU_ASSERT_EQUAL(errno, EINVAL);
}

static void test_whole_memory_pages(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    check_block(valloc(100), page, 100);
    check_block(valloc(0), page, 0);
    check_block(pvalloc(1), page, page);
    check_block(pvalloc(page), page, page);
    check_block(pvalloc(page + 1), page, 2 * page);
    check_block(pvalloc(0), page, 0);
}

CU_TestInfo aligned_tests[] = {
    {"every alignment, every function", test_all_alignments},
    {"blocks do not overlap", test_many_side_by_side},
    {"aligned_alloc with odd arguments", test_aligned_alloc_odd},
    {"too much is refused with ENOMEM", test_too_much},
    {"posix_memalign tells by its value alone", test_posix_memalign_refuses},
    {"memalign rounds alignments up", test_memalign_rounds},
    {"valloc, pvalloc", test_whole_memory_pages},
    CU_TEST_INFO_NULL,
};
