#include "size_class.h"
#include "support.h"

static bool canonical(uint32_t c) {
    return class_of(class_size(c)) == c;
}

static void test_holds(void) {
    for (size_t size = 0; size <= SMALL_MAX; size++) {
        uint32_t c = class_of(size);
        if (c == 0 || c >= class_count || class_size(c) < size)
            CU_FAIL_FATAL("a class too small, or none");
    }
    CU_ASSERT(class_count <= CLASS_MAX);
}

/* No class with pools of its own is smaller and big enough. */
static void test_minimal(void) {
    for (size_t size = 0; size <= SMALL_MAX; size++) {
        uint32_t chosen = class_of(size);
        for (uint32_t c = 1; c < class_count; c++)
            if (canonical(c) && class_size(c) >= size && class_size(c) < class_size(chosen))
                CU_FAIL_FATAL("a smaller class would do");
    }
}

static void test_order(void) {
    CU_ASSERT_EQUAL(class_size(1), MIN_ALIGN);
    CU_ASSERT_EQUAL(class_size(class_count - 1), SMALL_MAX);
    for (uint32_t c = 1; c < class_count; c++) {
        CU_ASSERT_EQUAL(class_size(c) % MIN_ALIGN, 0);
        CU_ASSERT(c == 1 || class_size(c) > class_size(c - 1));
        CU_ASSERT(canonical(class_of(class_size(c))));
    }
}

/* The fast path finds its slot by size alone: it must be that of class_of. */
static void test_fine_slots(void) {
    for (size_t size = 1; size <= FINE_MAX; size++) {
        uint32_t slot = (uint32_t)(size + MIN_ALIGN - 1) / MIN_ALIGN;
        if (slot >= FINE_CLASSES || class_of(size) < slot ||
            class_of(size) != class_of(class_size(slot)))
            CU_FAIL_FATAL("a slot of another class");
    }
}

/* The class that serves another until that has proved to be wanted: of those with pools, not
 * smaller, its own group's end, and not much bigger. */
static void test_groups(void) {
    for (uint32_t c = 1; c < class_count; c++) {
        uint32_t end = group_end(c);
        CU_ASSERT_FATAL(end >= c && end < class_count);
        CU_ASSERT(canonical(end));
        CU_ASSERT_EQUAL(group_end(end), end);
        CU_ASSERT(end - c < group_reach(end));
        CU_ASSERT(class_size(end) <= 2 * class_size(c));
        CU_ASSERT(c == 1 || group_end(c - 1) <= end);
    }
}

/* Coarse classes leave less than one unit of MIN_ALIGN per block at a pool's end. */
static void test_tails(void) {
    for (uint32_t c = FINE_CLASSES; c < class_count; c++) {
        uint32_t blocks = (uint32_t)POOL_BYTES / class_size(c);
        CU_ASSERT(POOL_BYTES - blocks * class_size(c) < blocks * MIN_ALIGN);
    }
}

static bool accepts(uint64_t offset, uint64_t mult, uint64_t bound) {
    return offset * mult < bound;
}

static uint32_t wrong_in_pool(uint32_t size, uint32_t blocks) {
    uint64_t mult = class_mult(size), bound = class_bound(size, mult, blocks);
    uint32_t wrong = 0;
    for (uint32_t offset = 0; offset < POOL_BYTES; offset++)
        wrong += accepts(offset, mult, bound) != (offset % size == 0 && offset / size < blocks);
    return wrong;
}

static void test_check_in_pool(void) {
    for (uint32_t c = 1; c < class_count; c++) {
        uint32_t size = class_size(c), capacity = (uint32_t)POOL_BYTES / size;
        CU_ASSERT_EQUAL(wrong_in_pool(size, 0), 0);
        CU_ASSERT_EQUAL(wrong_in_pool(size, 1), 0);
        CU_ASSERT_EQUAL(wrong_in_pool(size, (capacity + 1) / 2), 0);
        CU_ASSERT_EQUAL(wrong_in_pool(size, capacity), 0);
    }
}

static void test_coarse_bounds(void) {
    for (uint32_t c = FINE_CLASSES; c < class_count; c++) {
        uint32_t size = class_size(c), capacity = (uint32_t)POOL_BYTES / size;
        CU_ASSERT_EQUAL(class_coarse_bound[c - FINE_CLASSES],
                        class_bound(size, class_mult(size), capacity));
    }
}

/* Offsets that are no offsets: pointers elsewhere, and other heaps' pools through differing ids.
 * All lie within +-2^48, and none may be taken for a block. */
static void test_check_far(void) {
    const uint64_t most = (uint64_t)1 << 48;
    uint64_t state = 1;
    uint32_t wrong = 0;
    for (uint32_t c = 1; c < class_count; c++) {
        uint32_t size = class_size(c), capacity = (uint32_t)POOL_BYTES / size;
        uint64_t mult = class_mult(size), bound = class_bound(size, mult, capacity);
        for (int i = 0; i < 50000; i++) {
            uint64_t far = POOL_BYTES + random_next(&state) % (most - POOL_BYTES);
            uint64_t multiple = far - far % size;
            wrong += accepts(far, mult, bound) + accepts(-far, mult, bound);
            wrong += multiple >= POOL_BYTES && accepts(multiple, mult, bound);
            wrong += accepts(-multiple, mult, bound);
            wrong += accepts(far & ~(uint64_t)0xfffff, mult, bound);
        }
        for (uint32_t near = 1; near <= POOL_BYTES; near++)
            wrong += accepts(-(uint64_t)near, mult, bound);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

CU_TestInfo size_class_tests[] = {
    {"every size fits its class", test_holds},
    {"and no smaller one", test_minimal},
    {"classes are in order", test_order},
    {"the fast path's slots", test_fine_slots},
    {"groups of classes", test_groups},
    {"coarse classes have no tails", test_tails},
    {"coarse classes' bounds", test_coarse_bounds},
    {"mult and bound: each offset in a pool", test_check_in_pool},
    {"mult and bound: far offsets", test_check_far},
    CU_TEST_INFO_NULL,
};
