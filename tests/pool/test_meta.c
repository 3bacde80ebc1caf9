#include "meta.h"

#include "support.h"

#define BLOCKS 200

static void test_blocks(void) {
    static struct {
        char *at;
        size_t bytes;
    } block[BLOCKS];
    uint64_t state = 3;
    for (int i = 0; i < BLOCKS; i++) {
        block[i].bytes = random_size(&state, 1, 20000);
        size_t align = (size_t)16 << random_size(&state, 0, 6);
        block[i].at = meta_alloc(block[i].bytes, align);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block[i].at);
        CU_ASSERT_EQUAL((uintptr_t)block[i].at % (align < 64 ? 64 : align), 0);
        CU_ASSERT(zero(block[i].at, block[i].bytes));
        fill(block[i].at, block[i].bytes, (uint64_t)i);
    }
    for (int i = 0; i < BLOCKS; i++)
        CU_ASSERT(filled(block[i].at, block[i].bytes, (uint64_t)i));
}

static bool in_a_step(const char *at, size_t bytes) {
    for (const struct meta_step *step = libpool_root.meta; step != NULL; step = step->next)
        if (at >= (const char *)(step + 1) && at + bytes <= (const char *)step + step->bytes)
            return true;
    return false;
}

/* Readers find all metadata by the steps. */
static void test_steps(void) {
    for (size_t bytes = 1; bytes < (size_t)1 << 21; bytes = bytes * 3 + 1) {
        char *at = meta_alloc(bytes, 512);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        CU_ASSERT(in_a_step(at, bytes));
        CU_ASSERT(zero(at, bytes));
    }
}

static void test_no_memory(void) {
    CU_ASSERT_PTR_NULL(meta_alloc((size_t)1 << 56, 64));
    CU_ASSERT_PTR_NOT_NULL(meta_alloc(64, 64));
}

CU_TestInfo meta_tests[] = {
    {"zeroed, aligned, apart", test_blocks},
    {"all of it lies in linked steps", test_steps},
    {"NULL when there is no memory", test_no_memory},
    CU_TEST_INFO_NULL,
};
