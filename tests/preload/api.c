/* The C allocation functions: what they return, refuse, and leave alone. */
#define _GNU_SOURCE
#include <CUnit/Basic.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

static bool is_aligned(const void *block, size_t align) {
    return block != NULL && (uintptr_t)block % align == 0;
}

/* Every test is void of meaning unless the functions are libpool's. */
static void test_libpool_serves(void) {
    Dl_info info;
    CU_ASSERT_FATAL(dladdr((void *)(uintptr_t)&malloc, &info) != 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(info.dli_fname, "libpool.so"));
    CU_ASSERT_PTR_NOT_NULL(dlsym(RTLD_DEFAULT, "libpool_root"));
}

static void test_malloc_sizes(void) {
    for (size_t size = 0; size < 3000000; size = size * 9 / 8 + 1) {
        char *block = malloc(size);
        CU_ASSERT_TRUE(is_aligned(block, 16));
        CU_ASSERT_TRUE(malloc_usable_size(block) >= size);
        memset(block, 0x5a, malloc_usable_size(block));
        free(block);
    }
}

static void test_malloc_0(void) {
    void *one = malloc(0), *two = malloc(0);
    CU_ASSERT_PTR_NOT_NULL(one);
    CU_ASSERT_PTR_NOT_NULL(two);
    CU_ASSERT_PTR_NOT_EQUAL(one, two);
    free(one);
    free(two);
}

static void refuses(size_t size) {
    errno = 0;
    CU_ASSERT_PTR_NULL(malloc(size));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    errno = 0;
    CU_ASSERT_PTR_NULL(calloc(1, size));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    char *block = malloc(20);
    strcpy(block, "still here");
    errno = 0;
    CU_ASSERT_PTR_NULL(realloc(block, size));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    CU_ASSERT_STRING_EQUAL(block, "still here");
    free(block);
}

static void test_too_much(void) {
    static const size_t sizes[] = {SIZE_MAX,      SIZE_MAX - 8,        SIZE_MAX - 15,
                                   SIZE_MAX - 16, SIZE_MAX - 4096,     (size_t)PTRDIFF_MAX + 1,
                                   PTRDIFF_MAX,   PTRDIFF_MAX - 65536, (size_t)1 << 60};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        refuses(sizes[i]);
}

static void test_calloc_zeroes(void) {
    for (size_t size = 1; size < 8000000; size = size * 5 / 4 + 1) {
        char *block = malloc(size);
        memset(block, 0xff, size);
        free(block);
        block = calloc(1, size);
        size_t zeroes = 0;
        for (size_t i = 0; i < size; i++)
            zeroes += block[i] == 0;
        CU_ASSERT_EQUAL(zeroes, size);
        free(block);
    }
}

static void test_calloc_products(void) {
    errno = 0;
    CU_ASSERT_PTR_NULL(calloc(SIZE_MAX / 2, 3));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    errno = 0;
    CU_ASSERT_PTR_NULL(calloc((size_t)1 << 32, (size_t)1 << 32));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    void *block = calloc(0, SIZE_MAX);
    CU_ASSERT_PTR_NOT_NULL(block);
    free(block);
    block = calloc(SIZE_MAX, 0);
    CU_ASSERT_PTR_NOT_NULL(block);
    free(block);
}

static void test_realloc_keeps(void) {
    size_t size = 1;
    unsigned char *block = malloc(size);
    block[0] = 0;
    while (size < 6000000) {
        size_t more = size * 3 / 2 + 1;
        block = realloc(block, more);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        for (size_t i = 0; i < size; i += 1 + size / 100)
            CU_ASSERT_EQUAL(block[i], (unsigned char)(i * 7));
        for (size_t i = 0; i < more; i++)
            block[i] = (unsigned char)(i * 7);
        size = more;
    }
    while (size > 1) {
        size = size * 2 / 3;
        block = realloc(block, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        CU_ASSERT_TRUE(malloc_usable_size(block) >= size);
        for (size_t i = 0; i < size; i += 1 + size / 100)
            CU_ASSERT_EQUAL(block[i], (unsigned char)(i * 7));
    }
    free(block);
}

static void test_realloc_edges(void) {
    void *block = realloc(NULL, 100);
    CU_ASSERT_TRUE(malloc_usable_size(block) >= 100);
    errno = 7;
    CU_ASSERT_PTR_NULL(realloc(block, 0));
    CU_ASSERT_EQUAL(errno, 7);
    block = realloc(NULL, 0);
    CU_ASSERT_PTR_NOT_NULL(block);
    free(block);
    block = malloc(5000000);
    CU_ASSERT_PTR_NULL(realloc(block, 0));
}

static void test_reallocarray(void) {
    char *block = reallocarray(NULL, 10, 10);
    CU_ASSERT_TRUE(malloc_usable_size(block) >= 100);
    strcpy(block, "kept");
    errno = 0;
    CU_ASSERT_PTR_NULL(reallocarray(block, SIZE_MAX / 4, 5));
    CU_ASSERT_EQUAL(errno, ENOMEM);
    block = reallocarray(block, 100, 100);
    CU_ASSERT_STRING_EQUAL(block, "kept");
    CU_ASSERT_PTR_NULL(reallocarray(block, 0, 10));
}

static void test_usable_size(void) {
    CU_ASSERT_EQUAL(malloc_usable_size(NULL), 0);
    for (size_t size = 1; size < 200000; size += 997) {
        char *block = malloc(size);
        size_t usable = malloc_usable_size(block);
        CU_ASSERT_TRUE(usable >= size);
        block[usable - 1] = 1;
        free(block);
    }
}

static void test_free_keeps_errno(void) {
    static const size_t sizes[] = {1, 100, 5000, 100000, 2000000, 50000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = malloc(sizes[i]);
        errno = 4711;
        free(block);
        CU_ASSERT_EQUAL(errno, 4711);
    }
    errno = 4711;
    free(NULL);
    CU_ASSERT_EQUAL(errno, 4711);
}

static void test_other_frees(void) {
    void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*aligned_sized)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    void (*old)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    CU_ASSERT_FATAL(sized != NULL && aligned_sized != NULL && old != NULL);
    sized(malloc(100), 100);
    sized(NULL, 0);
    aligned_sized(aligned_alloc(256, 1000), 256, 1000);
    aligned_sized(NULL, 16, 0);
    old(malloc(100));
    old(NULL);
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 10000; i++) {
        sized(malloc(40), 40);
        aligned_sized(aligned_alloc(64, 64), 64, 64);
        old(malloc(40));
    }
    CU_ASSERT_TRUE(mallinfo2().uordblks <= before.uordblks + 65536);
}

static void test_libc_names(void) {
    static const char *const names[] = {
        "__libc_malloc",   "__libc_free",         "__libc_calloc", "__libc_realloc",
        "__libc_memalign", "__libc_reallocarray", "__libc_valloc", "__libc_pvalloc",
        "__libc_mallopt",  "__posix_memalign",    "free_sized",    "aligned_alloc",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *symbol = dlsym(RTLD_DEFAULT, names[i]);
        Dl_info info;
        CU_ASSERT_FATAL(symbol != NULL && dladdr(symbol, &info) != 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(info.dli_fname, "libpool.so"));
    }
}

static void test_trim(void) {
    enum { COUNT = 100000 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++)
        blocks[i] = memset(malloc(200), 1, 200);
    for (int i = 0; i < COUNT; i++)
        free(blocks[i]);
    malloc_trim(0);
    struct mallinfo2 info = mallinfo2();
    CU_ASSERT_TRUE(info.keepcost < 65536);
    CU_ASSERT_EQUAL(malloc_trim(0), 0);
    CU_ASSERT_EQUAL(mallopt(M_MMAP_THRESHOLD, 65536), 1);
    CU_ASSERT_EQUAL(mallopt(-4711, 0), 1);
}

CU_TestInfo api_tests[] = {
    {"libpool serves this program", test_libpool_serves},
    {"malloc: all sizes", test_malloc_sizes},
    {"malloc(0)", test_malloc_0},
    {"too much is refused with ENOMEM", test_too_much},
    {"calloc zeroes", test_calloc_zeroes},
    {"calloc: products", test_calloc_products},
    {"realloc keeps the content", test_realloc_keeps},
    {"realloc: edges", test_realloc_edges},
    {"reallocarray", test_reallocarray},
    {"malloc_usable_size", test_usable_size},
    {"free leaves errno alone", test_free_keeps_errno},
    {"free_sized, free_aligned_sized, cfree", test_other_frees},
    {"other names", test_libc_names},
    {"malloc_trim, mallopt", test_trim},
    CU_TEST_INFO_NULL,
};
