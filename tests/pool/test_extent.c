#include "extent.h"

#include <string.h>

#include "arena.h"
#include "os.h"
#include "owner.h"
#include "region.h"
#include "support.h"

#define MIB ((size_t)1 << 20)

/* Nothing behind these addresses is touched. */
static struct region region;

static char *place_at(size_t mib) {
    return (char *)0x10000000000 + mib * MIB;
}

static void start(void) {
    arena_lock();
    CU_ASSERT_FATAL(owner_started() || owner_start());
    arena_unlock();
    region = (struct region){.base = place_at(0)};
}

static struct extent *append(size_t mib) {
    CU_ASSERT_FATAL(extent_ready(1));
    struct extent *extent = extent_new(&region, region.last, region.base + region.bytes, mib * MIB);
    region.bytes += mib * MIB;
    return extent;
}

static void clear(void) {
    while (region.last != NULL) {
        extent_use(region.last);
        extent_drop(region.last);
    }
    CU_ASSERT_EQUAL(libpool_root.large.cached, 0);
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 0);
    CU_ASSERT_PTR_NULL(extent_oldest());
}

/* Neighbours of one kind are one, of two kinds are two. */
static void test_joined(void) {
    start();
    struct extent *each[5];
    for (int i = 0; i < 5; i++)
        each[i] = append(4);
    each[1] = extent_free(each[1], EXTENT_WARM);
    each[3] = extent_free(each[3], EXTENT_WARM);
    CU_ASSERT_EQUAL(libpool_root.large.cached, 2);
    struct extent *whole = extent_free(each[2], EXTENT_WARM);
    CU_ASSERT_EQUAL(whole->bytes, 12 * MIB);
    CU_ASSERT_PTR_EQUAL(whole->at, place_at(4));
    CU_ASSERT_EQUAL(libpool_root.large.cached, 1);
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 12 * MIB);
    struct extent *cold = extent_free(each[4], EXTENT_COLD);
    CU_ASSERT_EQUAL(cold->bytes, 4 * MIB);
    CU_ASSERT_PTR_EQUAL(cold->lower, whole);
    CU_ASSERT_PTR_EQUAL(region.last, cold);
    clear();
}

static void test_split(void) {
    start();
    struct extent *one = extent_free(append(8), EXTENT_WARM);
    CU_ASSERT_FATAL(extent_ready(1));
    struct extent *rest = extent_split(one, 3 * MIB);
    CU_ASSERT_EQUAL(one->bytes, 3 * MIB);
    CU_ASSERT_EQUAL(rest->bytes, 5 * MIB);
    CU_ASSERT_PTR_EQUAL(rest->at, place_at(3));
    CU_ASSERT_EQUAL(rest->state, EXTENT_WARM);
    CU_ASSERT_PTR_EQUAL(region.last, rest);
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 8 * MIB);
    extent_use(one);
    extent_use(rest);
    extent_absorb(one);
    CU_ASSERT_EQUAL(one->bytes, 8 * MIB);
    CU_ASSERT_PTR_EQUAL(region.last, one);
    clear();
}

/* Walls between, so that nothing is joined. */
static struct extent *walled(size_t mib, enum extent_state state) {
    struct extent *extent = extent_free(append(mib), state);
    append(1);
    return extent;
}

static struct extent_wish wish(size_t mib) {
    return (struct extent_wish){mib * MIB, OS_PAGE};
}

static void test_find_warm(void) {
    start();
    walled(8, EXTENT_WARM);
    struct extent *five = walled(5, EXTENT_WARM);
    walled(9, EXTENT_WARM);
    CU_ASSERT_PTR_EQUAL(extent_find_warm(wish(4)).extent, five);
    CU_ASSERT_PTR_EQUAL(extent_find_warm(wish(5)).extent, five);
    CU_ASSERT_PTR_NULL(extent_find_warm(wish(10)).extent);
    CU_ASSERT_EQUAL(extent_oldest()->bytes, 8 * MIB);
    clear();
}

static void test_find_cold(void) {
    start();
    struct extent *small = walled(5, EXTENT_COLD);
    walled(7, EXTENT_COLD);
    struct extent *big = walled(40, EXTENT_COLD);
    CU_ASSERT_PTR_EQUAL(extent_find_cold(wish(5), false).extent, small);
    CU_ASSERT_PTR_EQUAL(extent_find_cold(wish(5), true).extent, big);
    CU_ASSERT_PTR_EQUAL(extent_find_cold(wish(9), false).extent, big);
    CU_ASSERT_PTR_NULL(extent_find_cold(wish(41), false).extent);
    struct extent_place place = extent_find_cold((struct extent_wish){6 * MIB, 16 * MIB}, false);
    CU_ASSERT_PTR_EQUAL(place.extent, big);
    CU_ASSERT_PTR_EQUAL(place.at, place_at(16));
    clear();
}

/* All of what is warm, and of the cold above it before that below. */
static void test_find_around(void) {
    start();
    struct extent *low = extent_free(append(8), EXTENT_COLD);
    struct extent *warm = extent_free(append(4), EXTENT_WARM);
    extent_free(append(8), EXTENT_COLD);
    append(1);
    walled(2, EXTENT_WARM);
    struct extent_place place = extent_find_around(wish(10), 10 * MIB / 8);
    CU_ASSERT_PTR_EQUAL(place.extent, warm);
    CU_ASSERT_PTR_EQUAL(place.at, place_at(8));
    place = extent_find_around(wish(14), 14 * MIB / 8);
    CU_ASSERT_PTR_EQUAL(place.extent, low);
    CU_ASSERT_PTR_EQUAL(place.at, place_at(6));
    CU_ASSERT_PTR_NULL(extent_find_around(wish(21), 21 * MIB / 8).extent);
    CU_ASSERT_PTR_NULL(extent_find_around(wish(3), 3 * MIB / 8).extent);
    clear();
}

/* Where another block or an arena has the record the next 32 KiB are taken. */
static void test_record_taken(void) {
    start();
    struct extent *warm = extent_free(append(4), EXTENT_WARM);
    struct pool *record = owner_record(warm->at);
    CU_ASSERT(extent_may_start(warm->at));
    CU_ASSERT_FATAL(owner_open(record));
    record->state = POOL_LARGE;
    CU_ASSERT(!extent_may_start(warm->at));
    CU_ASSERT_PTR_EQUAL(extent_find_warm(wish(2)).at, warm->at + POOL_BYTES);
    CU_ASSERT_PTR_NULL(extent_find_warm(wish(4)).extent);
    record->state = POOL_NONE;
    CU_ASSERT_PTR_EQUAL(extent_find_warm(wish(4)).at, warm->at);
    clear();
}

/* Against a map of 256 places: states, neighbours and sums agree after random steps. */
static void test_random(void) {
    start();
    uint8_t want[256];
    uint64_t state = 11;
    CU_ASSERT_FATAL(extent_ready(1));
    extent_free(append(256), EXTENT_COLD);
    memset(want, EXTENT_COLD, sizeof want);
    for (int step = 0; step < 20000; step++) {
        struct extent *e = region.last;
        for (size_t back = random_next(&state) % 20; back > 0 && e->lower != NULL; back--)
            e = e->lower;
        CU_ASSERT_FATAL(extent_ready(1));
        if (e->state == EXTENT_USED) {
            enum extent_state kind = random_next(&state) % 2 != 0 ? EXTENT_WARM : EXTENT_COLD;
            memset(want + (size_t)(e->at - region.base) / MIB, (int)kind, e->bytes / MIB);
            extent_free(e, kind);
        } else {
            if (e->bytes > MIB)
                extent_split(e, (1 + random_next(&state) % (e->bytes / MIB - 1)) * MIB);
            extent_use(e);
            memset(want + (size_t)(e->at - region.base) / MIB, EXTENT_USED, e->bytes / MIB);
        }
        size_t warm = 0, at = 256 * MIB;
        for (e = region.last; e != NULL; e = e->lower) {
            at -= e->bytes;
            CU_ASSERT_PTR_EQUAL_FATAL(e->at, region.base + at);
            for (size_t i = 0; i < e->bytes / MIB; i++)
                CU_ASSERT_EQUAL_FATAL(want[at / MIB + i], e->state);
            warm += e->state == EXTENT_WARM ? e->bytes : 0;
            CU_ASSERT_FATAL(e->lower == NULL || e->lower->upper == e);
        }
        CU_ASSERT_EQUAL_FATAL(at, 0);
        CU_ASSERT_EQUAL_FATAL(libpool_root.large.cached_bytes, warm);
    }
    clear();
}

CU_TestInfo extent_tests[] = {
    {"joined", test_joined},
    {"split", test_split},
    {"find warm", test_find_warm},
    {"find cold", test_find_cold},
    {"find around warm", test_find_around},
    {"taken record", test_record_taken},
    {"at random", test_random},
    CU_TEST_INFO_NULL,
};
