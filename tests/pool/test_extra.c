#include "extra.h"

#include "decay.h"
#include "pool.h"
#include "root.h"
#include "support.h"

#define MOST ((uint32_t)4 << 20)

/* In small pieces, as pools go. */
static void bounce(struct extra *extra, uint32_t bytes) {
    extra_ended(extra, bytes);
    for (uint32_t at = 0; at < bytes; at += POOL_BYTES)
        extra_missed(extra, POOL_BYTES, MOST);
}

static void test_learns(void) {
    struct extra extra = {0};
    extra_missed(&extra, POOL_BYTES, MOST);
    CU_ASSERT_EQUAL(extra.bytes, 0);
    extra_ended(&extra, 3 * POOL_BYTES);
    CU_ASSERT_EQUAL(extra.bytes, 0);
    for (int i = 0; i < 5; i++)
        extra_missed(&extra, POOL_BYTES, MOST);
    CU_ASSERT_EQUAL(extra.bytes, 3 * POOL_BYTES);
    extra_ended(&extra, POOL_BYTES);
    extra_missed(&extra, 7 * POOL_BYTES, MOST);
    CU_ASSERT_EQUAL(extra.bytes, 4 * POOL_BYTES);
    extra_ended(&extra, POOL_BYTES);
    extra_missed(&extra, POOL_BYTES, 4 * POOL_BYTES);
    CU_ASSERT_EQUAL(extra.bytes, 4 * POOL_BYTES);
    extra_ended(&extra, (size_t)1 << 40);
    extra_missed(&extra, (size_t)1 << 40, 5 * POOL_BYTES);
    CU_ASSERT_EQUAL(extra.bytes, 5 * POOL_BYTES);
}

static void test_fades(void) {
    struct extra extra = {0};
    extra_tick(&extra, 1000);
    bounce(&extra, 8 * POOL_BYTES);
    extra_ended(&extra, POOL_BYTES);
    extra_tick(&extra, 1000 + pool_conf.decay_ms - 1);
    CU_ASSERT_EQUAL(extra.bytes, 8 * POOL_BYTES);
    extra_tick(&extra, 1000 + pool_conf.decay_ms);
    CU_ASSERT_EQUAL(extra.bytes, 6 * POOL_BYTES);
    /* What went back in another period is forgotten. */
    extra_missed(&extra, POOL_BYTES, MOST);
    CU_ASSERT_EQUAL(extra.bytes, 6 * POOL_BYTES);
}

/* More in a larger program, until it is not large any more; less with many heaps. */
static void test_limit(void) {
    struct extra extra = {0}, other = {0};
    uint32_t heaps = libpool_root.heap_count;
    extra_tick(&extra, 1000);
    libpool_root.heap_count = 1;
    bounce(&extra, MOST);
    CU_ASSERT_EQUAL(extra.bytes, (uint32_t)1 << 20);
    bounce(&other, MOST);
    CU_ASSERT_EQUAL(other.bytes, extra.bytes);

    decay_live((int64_t)32 << 20);
    bounce(&extra, MOST);
    CU_ASSERT_EQUAL(extra.bytes, (uint32_t)2 << 20);
    decay_live((int64_t)1 << 40);
    bounce(&extra, MOST);
    CU_ASSERT_EQUAL(extra.bytes, MOST);

    libpool_root.heap_count = 63;
    extra_tick(&extra, 1000);
    CU_ASSERT_EQUAL(extra.bytes, (uint32_t)128 << 10);
    decay_live(-((int64_t)1 << 40) - ((int64_t)32 << 20));
    extra_tick(&extra, 1000);
    CU_ASSERT_EQUAL(extra.bytes, (uint32_t)32 << 10);
    libpool_root.heap_count = heaps;
}

CU_TestInfo extra_tests[] = {
    {"learns", test_learns},
    {"fades", test_fades},
    {"limit", test_limit},
    CU_TEST_INFO_NULL,
};
