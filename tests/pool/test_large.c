#include "large.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "extent.h"
#include "os.h"
#include "owner.h"
#include "region.h"
#include "support.h"

#define SIZE (RUN_MAX * 4 + 12345)

static struct pool *record_of(const void *block) {
    struct pool *record = owner_pool(block);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_EQUAL(record->state, POOL_LARGE);
    CU_ASSERT_PTR_EQUAL(record->base, block);
    return record;
}

static void *alloc(size_t size, bool clear) {
    char *block = large_alloc(size, OS_PAGE, clear);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    CU_ASSERT_EQUAL((uintptr_t)block % OS_PAGE, 0);
    CU_ASSERT(record_of(block)->map_bytes >= size);
    return block;
}

static void nothing_left(void) {
    large_purge(0);
    CU_ASSERT_EQUAL(libpool_root.large.blocks, 0);
    CU_ASSERT_EQUAL(libpool_root.large.bytes, 0);
    CU_ASSERT_EQUAL(libpool_root.large.asked, 0);
    CU_ASSERT_EQUAL(libpool_root.large.cached, 0);
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 0);
    CU_ASSERT_PTR_NULL(libpool_root.large_blocks.first);
}

static void test_alloc(void) {
    char *block = alloc(SIZE, true);
    CU_ASSERT(zero(block, SIZE));
    fill(block, SIZE, 1);
    CU_ASSERT_EQUAL(libpool_root.large.blocks, 1);
    CU_ASSERT_EQUAL(libpool_root.large.asked, SIZE);
    CU_ASSERT_EQUAL(libpool_root.large.bytes, record_of(block)->map_bytes);
    CU_ASSERT(filled(block, SIZE, 1));
    large_free(record_of(block));
    nothing_left();
    CU_ASSERT(!mapped(block));
    CU_ASSERT_PTR_NULL(owner_pool(block));
}

static void test_aligned(void) {
    for (size_t align = OS_PAGE; align <= (size_t)1 << 30; align *= 2) {
        char *block = large_alloc(SIZE, align, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        CU_ASSERT_EQUAL((uintptr_t)block & (align - 1), 0);
        block[0] = block[SIZE - 1] = 1;
        large_free(record_of(block));
    }
    nothing_left();
}

/* A kept mapping is used again, and is not what it was if it has to be clear. */
static void test_reuse(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = SIZE * 16;
    char *block = alloc(SIZE, false);
    fill(block, SIZE, 2);
    uint64_t before = event(EVENT_LARGE_MAPPED);
    large_free(record_of(block));
    CU_ASSERT_EQUAL(libpool_root.large.cached, 1);
    char *again = alloc(SIZE, true);
    CU_ASSERT(zero(again, SIZE));
    fill(again, SIZE, 3);
    large_free(record_of(again));
    again = alloc(SIZE + SIZE / 2, true); /* grown */
    CU_ASSERT(zero(again, SIZE + SIZE / 2));
    fill(again, SIZE + SIZE / 2, 3);
    large_free(record_of(again));
    again = alloc(SIZE / 2, true); /* cut */
    CU_ASSERT(zero(again, SIZE / 2));
    CU_ASSERT(record_of(again)->map_bytes < SIZE);
    large_free(record_of(again));
    CU_ASSERT_EQUAL(event(EVENT_LARGE_MAPPED), before);
    CU_ASSERT(event(EVENT_LARGE_REUSED) >= 3);
    pool_conf.keep_bytes = keep;
    nothing_left();
}

static void test_resize(void) {
    char *block = alloc(SIZE, false), *wall = alloc(SIZE, false);
    fill(block, SIZE, 4);
    static const size_t sizes[] = {SIZE + 1,     SIZE * 2, SIZE * 9,    SIZE * 3,
                                   SIZE * 3 - 1, SIZE,     RUN_MAX + 1, SIZE * 2};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = large_resize(record_of(block), sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        CU_ASSERT(record_of(block)->map_bytes >= sizes[i]);
        CU_ASSERT_EQUAL(record_of(block)->large_asked, sizes[i]);
        CU_ASSERT_EQUAL(libpool_root.large.asked, sizes[i] + SIZE);
        block[sizes[i] - 1] = 1;
    }
    fill(wall, SIZE, 4); /* its first bytes are the same as those that block began with */
    CU_ASSERT_EQUAL(memcmp(block, wall, 256), 0);
    CU_ASSERT_PTR_NULL(large_resize(record_of(block), (size_t)1 << 60));
    CU_ASSERT_PTR_NULL(large_resize(record_of(block), SIZE_MAX));
    CU_ASSERT_PTR_NULL(large_resize(record_of(block), RUN_MAX));
    CU_ASSERT_EQUAL(memcmp(block, wall, 256), 0);
    large_free(record_of(block));
    large_free(record_of(wall));
    nothing_left();
}

/* What a block loses at its end serves others, and is not unmapped and mapped again. */
static void test_shortened(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = SIZE * 16;
    char *block = alloc(SIZE * 2, false);
    fill(block, SIZE * 2, 6);
    uint64_t mapped_before = event(EVENT_LARGE_MAPPED);
    CU_ASSERT_PTR_EQUAL(large_resize(record_of(block), SIZE), block);
    CU_ASSERT_EQUAL(libpool_root.large.asked, SIZE);
    CU_ASSERT(libpool_root.large.cached_bytes > SIZE - OS_PAGE);
    char *rest = alloc(SIZE - OS_PAGE, true);
    CU_ASSERT_PTR_EQUAL(rest, block + os_round(SIZE));
    CU_ASSERT(zero(rest, SIZE - OS_PAGE));
    large_free(record_of(rest));
    large_free(record_of(block));
    CU_ASSERT_EQUAL(libpool_root.large.cached, 1);
    CU_ASSERT_EQUAL(event(EVENT_LARGE_MAPPED), mapped_before);
    pool_conf.keep_bytes = keep;
    nothing_left();
}

/* A block grows into what was freed behind it, and into what was never used. */
static void test_in_place(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = SIZE * 16;
    char *block = alloc(SIZE, false), *behind = alloc(SIZE, false);
    CU_ASSERT_PTR_EQUAL_FATAL(behind, block + os_round(SIZE));
    fill(block, SIZE, 6);
    fill(behind, SIZE, 7);
    large_free(record_of(behind));
    uint64_t remapped = event(EVENT_LARGE_REMAPPED);
    CU_ASSERT_PTR_EQUAL(large_resize(record_of(block), SIZE * 3), block);
    CU_ASSERT_EQUAL(event(EVENT_LARGE_REMAPPED), remapped);
    CU_ASSERT(filled(block, SIZE, 6));
    CU_ASSERT(zero(block + 2 * os_round(SIZE), SIZE / 2));
    CU_ASSERT_EQUAL(libpool_root.large.bytes, record_of(block)->map_bytes);
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 0);
    large_free(record_of(block));
    pool_conf.keep_bytes = keep;
    nothing_left();
}

/* Where another block is in the way the memory moves without being copied, and what it leaves
 * reads as zero and serves others. */
static void test_moved(void) {
    char *block = alloc(SIZE * 2, false), *wall = alloc(SIZE, false);
    fill(block, SIZE * 2, 8);
    char *to = large_resize(record_of(block), SIZE * 4);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    CU_ASSERT_PTR_NOT_EQUAL(to, block);
    CU_ASSERT(filled(to, SIZE * 2, 8));
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 0);
    char *again = alloc(SIZE * 2, true);
    CU_ASSERT_PTR_EQUAL(again, block);
    CU_ASSERT(zero(again, SIZE * 2));
    large_free(record_of(again));
    large_free(record_of(wall));
    large_free(record_of(to));
    nothing_left();
}

/* Longer than regions are: it has one of its own, which moves as a whole and goes as a whole. */
static void test_own_region(void) {
    size_t size = (size_t)64 << 20;
    char *block = alloc(size, true), *wall = alloc(SIZE, false);
    CU_ASSERT_EQUAL(record_of(block)->extent->region->own, 1);
    fill(block, size, 9);
    block = large_resize(record_of(block), 2 * size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    CU_ASSERT_EQUAL(record_of(block)->extent->region->own, 1);
    CU_ASSERT(filled(block, size, 9));
    block = large_resize(record_of(block), size);
    CU_ASSERT(filled(block, size, 9));
    CU_ASSERT(!mapped(block + 2 * size - OS_PAGE));
    large_free(record_of(block));
    large_purge(0);
    CU_ASSERT(!mapped(block));
    large_free(record_of(wall));
    nothing_left();
}

/* Kept memory that is too short, and free nowhere beside, moves to where the new block is. */
static void test_fragments(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = SIZE * 16;
    char *block = alloc(SIZE, false), *wall = alloc(SIZE, false);
    fill(block, SIZE, 7);
    large_free(record_of(block));
    uint64_t reused = event(EVENT_LARGE_REUSED);
    CU_ASSERT_EQUAL(resident(block, os_round(SIZE)), os_round(SIZE));
    char *more = alloc(SIZE * 2, true);
    CU_ASSERT_EQUAL(event(EVENT_LARGE_REUSED), reused + 1);
    CU_ASSERT(zero(more, SIZE * 2));
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, 0);
    CU_ASSERT_EQUAL(resident(block, os_round(SIZE)), 0);
    large_free(record_of(more));
    large_free(record_of(wall));
    pool_conf.keep_bytes = keep;
    nothing_left();
}

static void test_holding(void) {
    char *one = alloc(SIZE, false), *two = alloc(SIZE * 3, false);
    size_t bytes;
    CU_ASSERT_PTR_EQUAL(large_holding(one + 100000, &bytes), one);
    CU_ASSERT_EQUAL(bytes, record_of(one)->map_bytes);
    CU_ASSERT_PTR_EQUAL(large_holding(two + SIZE * 3 - 1, &bytes), two);
    CU_ASSERT_PTR_NULL(large_holding(&bytes, &bytes));
    CU_ASSERT_EQUAL(bytes, 0);
    large_free(record_of(one));
    CU_ASSERT_PTR_NULL(large_holding(one, &bytes));
    large_free(record_of(two));
    nothing_left();
}

static void test_too_much(void) {
    CU_ASSERT_PTR_NULL(large_alloc(SIZE_MAX, OS_PAGE, false));
    CU_ASSERT_PTR_NULL(large_alloc((size_t)PTRDIFF_MAX + 1, OS_PAGE, false));
    CU_ASSERT_PTR_NULL(large_alloc((size_t)1 << 50, OS_PAGE, false));
    nothing_left();
}

#define BLOCKS 100

/* No two live blocks overlap, none loses its bytes, and the sums stay right. */
static void test_random(void) {
    static struct {
        char *at;
        size_t size;
    } block[BLOCKS];
    uint64_t state = 10, asked = 0;
    for (int step = 0; step < 5000; step++) {
        size_t i = random_next(&state) % BLOCKS, size = random_size(&state, RUN_MAX + 1, SIZE * 2);
        asked += size - block[i].size;
        if (block[i].at == NULL) {
            bool clear = random_next(&state) % 2 == 0;
            block[i].at = alloc(size, clear);
            CU_ASSERT_FATAL(!clear ||
                            (zero(block[i].at, 4096) && zero(block[i].at + size / 2, 99)));
        } else if (random_next(&state) % 2 == 0) {
            CU_ASSERT_FATAL(filled(block[i].at, 256, i));
            block[i].at = large_resize(record_of(block[i].at), size);
            CU_ASSERT_FATAL(filled(block[i].at, 256, i));
        } else {
            CU_ASSERT_FATAL(filled(block[i].at, block[i].size, i));
            large_free(record_of(block[i].at));
            asked -= size;
            size = 0;
            block[i].at = NULL;
        }
        block[i].size = size;
        if (size > 0)
            fill(block[i].at, size, i);
        CU_ASSERT_EQUAL_FATAL(libpool_root.large.asked, asked);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        if (block[i].at != NULL)
            large_free(record_of(block[i].at));
    nothing_left();
}

/* Where the kernel refuses to move (to it, the block lies in two mappings) all that was usable
 * is copied, whatever was asked for last. */
static void test_copied(void) {
    char *block = alloc(SIZE, false), *wall = alloc(SIZE, false);
    size_t usable = record_of(block)->map_bytes;
    fill(block, usable, 1);
    CU_ASSERT_PTR_EQUAL(large_resize(record_of(block), usable / 8 * 7), block);
    CU_ASSERT_EQUAL(record_of(block)->map_bytes, usable);
    CU_ASSERT_EQUAL_FATAL(madvise(block, OS_PAGE, MADV_DONTFORK), 0);
    CU_ASSERT_PTR_NULL(os_remap(block, usable, 2 * usable, true));
    block = large_resize(record_of(block), 2 * usable);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    CU_ASSERT(filled(block, usable, 1));
    large_free(record_of(block));
    large_free(record_of(wall));
    nothing_left();
}

/* Little address space is left: enough for the block as it is to be, not for a second one. */
static void grow_within_limit(void *block) {
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long mapped = 0;
    if (file == NULL || fscanf(file, "%lu", &mapped) != 1)
        __builtin_trap();
    fclose(file);
    limit.rlim_cur = mapped * OS_PAGE + SIZE / 8;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        __builtin_trap();
    block = large_resize(record_of(block), SIZE + SIZE / 16);
    if (block == NULL || !filled(block, SIZE, 2))
        __builtin_trap();
}

/* The limit is below what is mapped already: the kernel refuses to move when the new place is
 * unmapped already. The block stays whole. */
static void grow_beyond_limit(void *block) {
    struct rlimit limit = {OS_PAGE, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        __builtin_trap();
    char *to = large_resize(record_of(block), SIZE * 2);
    if (!filled(to != NULL ? to : block, SIZE, 2))
        __builtin_trap();
    if (to != NULL)
        fill(to, SIZE * 2, 3);
}

static void test_beyond_limit(void) {
    char *block = alloc(SIZE, false), *wall = alloc(SIZE, false), *hole = alloc(SIZE * 4, false);
    fill(block, SIZE, 2);
    large_free(record_of(hole));
    large_purge(1);
    CU_ASSERT_EQUAL(stopped_for(grow_beyond_limit, block), RETURNED);
    large_free(record_of(block));
    large_free(record_of(wall));
    nothing_left();
}

/* As many mappings as the kernel grants, to a handful. */
static void fill_mappings(void) {
    size_t pairs = 200000, i = 0;
    char *at = os_reserve_closed(pairs * 2 * OS_PAGE);
    if (at == NULL)
        __builtin_trap();
    while (i < pairs && os_open(at + i * 2 * OS_PAGE, OS_PAGE))
        i++;
    for (size_t back = 1; back <= 2 && i > back; back++)
        os_unmap(at + (i - back) * 2 * OS_PAGE, 2 * OS_PAGE);
}

/* The kernel refuses to move for want of mappings, and does not say whether the new place is gone:
 * that may be lost, once, and no request fails for it. */
static void grow_among_mappings(void *p) {
    char **block = p;
    fill_mappings();
    for (int round = 0; round < 4; round++) {
        char *to = large_alloc(SIZE * 3, OS_PAGE, true);
        if (to == NULL || !zero(to, SIZE * 3))
            __builtin_trap();
        fill(to, SIZE * 3, 3);
        large_free(record_of(to));
        to = large_resize(record_of(*block), SIZE * (size_t)(6 + round));
        if (!filled(to != NULL ? to : *block, SIZE * 5, 2))
            __builtin_trap();
        *block = to != NULL ? to : *block;
    }
}

static void test_many_mappings(void) {
    char *warm = alloc(SIZE * 2, false), *block = alloc(SIZE * 5, false),
         *wall = alloc(SIZE, false);
    fill(block, SIZE * 5, 2);
    large_free(record_of(warm));
    CU_ASSERT_EQUAL(stopped_for(grow_among_mappings, &block), RETURNED);
    large_free(record_of(block));
    large_free(record_of(wall));
    nothing_left();
}

static void test_little_left(void) {
    large_purge(0);
    char *block = large_alloc(SIZE, OS_PAGE, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    fill(block, SIZE, 2);
    CU_ASSERT_EQUAL(stopped_for(grow_within_limit, block), RETURNED);
    large_free(record_of(block));
    nothing_left();
}

/* A huge page that the neighbour ends in must not come to reach into what was given back. */
static void test_huge_unasked(void) {
    bool usual = os_huge_unasked;
    for (int unasked = 0; unasked < 2; unasked++) {
        os_huge_unasked = unasked != 0;
        char *low = alloc(SIZE, false), *goes = alloc(SIZE, false), *high = alloc(SIZE, false);
        fill(goes, SIZE, 3);
        large_free(record_of(goes));
        large_purge(0);
        CU_ASSERT(mapped(goes));
        CU_ASSERT_EQUAL(has_flag(goes, " nh"), unasked);
        CU_ASSERT(!has_flag(low, " nh") && !has_flag(high, " nh"));
        large_free(record_of(low));
        large_free(record_of(high));
        nothing_left();
    }
    os_huge_unasked = usual;
}

CU_TestInfo large_tests[] = {
    {"alloc and free", test_alloc},
    {"aligned", test_aligned},
    {"reuse", test_reuse},
    {"shortened", test_shortened},
    {"grown in place", test_in_place},
    {"moved", test_moved},
    {"a huge page that was not asked for", test_huge_unasked},
    {"fragments", test_fragments},
    {"a region of its own", test_own_region},
    {"resize", test_resize},
    {"holding", test_holding},
    {"too much", test_too_much},
    {"at random", test_random},
    {"copied where remapping is refused", test_copied},
    {"little address space left", test_little_left},
    {"beyond the limit already", test_beyond_limit},
    {"as many mappings as there may be", test_many_mappings},
    CU_TEST_INFO_NULL,
};
