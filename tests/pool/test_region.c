#include "region.h"

#include <stdio.h>
#include <sys/resource.h>

#include "arena.h"
#include "large.h"
#include "os.h"
#include "owner.h"
#include "support.h"

#define MIB ((size_t)1 << 20)

static struct extent *room(size_t bytes, size_t align) {
    arena_lock();
    CU_ASSERT_FATAL(owner_started() || owner_start());
    CU_ASSERT_FATAL(region_make_room(bytes, align));
    struct extent_place place = extent_find_cold((struct extent_wish){bytes, align}, true);
    arena_unlock();
    CU_ASSERT_PTR_NOT_NULL_FATAL(place.extent);
    CU_ASSERT_EQUAL((uintptr_t)place.at & (align - 1), 0);
    return place.extent;
}

static void trim_all(void) {
    arena_lock();
    region_trim_all();
    arena_unlock();
}

/* One region serves block after block, opened as it is needed. */
static void test_shared(void) {
    struct extent *extent = room(MIB, OS_PAGE);
    struct region *region = extent->region;
    CU_ASSERT_EQUAL(region->own, 0);
    CU_ASSERT(region->bytes >= MIB && region->bytes < region->reserved);
    CU_ASSERT(zero(extent->at, MIB));
    char *base = region->base;
    CU_ASSERT_PTR_EQUAL(room(20 * MIB, OS_PAGE)->region, region);
    CU_ASSERT(region->bytes >= 20 * MIB);
    trim_all();
    CU_ASSERT(!mapped(base));
}

static void test_own(void) {
    struct extent *extent = room(300 * MIB, OS_PAGE);
    CU_ASSERT_EQUAL(extent->region->own, 1);
    CU_ASSERT_EQUAL(extent->bytes, 300 * MIB);
    CU_ASSERT(region_alone(extent));
    CU_ASSERT_EQUAL(room(MIB, 256 * MIB)->region->own, 1);
    trim_all();
}

/* The free ends of a region made for one block are unmapped, what is between them is not. */
static void test_own_ends(void) {
    struct extent *first = room(300 * MIB, OS_PAGE);
    char *base = first->at;
    arena_lock();
    CU_ASSERT_FATAL(extent_ready(2));
    struct extent *middle = extent_split(first, 100 * MIB);
    extent_split(middle, 100 * MIB);
    extent_use(middle);
    region_trim(first->region, false);
    arena_unlock();
    CU_ASSERT(!mapped(base));
    CU_ASSERT(mapped(base + 100 * MIB));
    CU_ASSERT(!mapped(base + 200 * MIB));
    CU_ASSERT_PTR_EQUAL(middle->region->base, middle->at);
    CU_ASSERT_EQUAL(middle->region->bytes, 100 * MIB);
    CU_ASSERT(region_alone(middle));
    arena_lock();
    extent_free(middle, EXTENT_COLD);
    arena_unlock();
    trim_all();
    CU_ASSERT(!mapped(base + 100 * MIB));
}

static rlim_t mapped_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        __builtin_trap();
    fclose(file);
    return pages * OS_PAGE;
}

/* A limit leaves no address space to spare. */
static void within_limit(void *unused) {
    (void)unused;
    struct rlimit limit = {(mapped_bytes() + ((rlim_t)2 << 30)), RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        __builtin_trap();
    char *small = large_alloc(MIB, OS_PAGE, true), *big = large_alloc(500 * MIB, OS_PAGE, true);
    if (small == NULL || big == NULL || large_alloc(4096 * MIB, OS_PAGE, true) != NULL)
        __builtin_trap();
    big = large_resize(owner_record(big), 900 * MIB);
    if (big == NULL)
        __builtin_trap();
}

static void test_limit(void) {
    trim_all();
    CU_ASSERT_EQUAL(stopped_for(within_limit, NULL), RETURNED);
}

CU_TestInfo region_tests[] = {
    {"shared", test_shared},       {"own", test_own}, {"own, its ends", test_own_ends},
    {"under a limit", test_limit}, CU_TEST_INFO_NULL,
};
