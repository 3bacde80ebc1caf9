#include "big.h"

#include <string.h>

#include "arena.h"
#include "heap_slow.h"
#include "owner.h"
#include "support.h"

static const size_t sizes[] = {SMALL_MAX + 1, POOL_BYTES,  POOL_BYTES + 1,
                               100000,        RUN_MAX - 1, RUN_MAX,
                               RUN_MAX + 1,   2 * RUN_MAX, 10 * RUN_MAX + 7};
#define SIZES (sizeof sizes / sizeof sizes[0])

static uint32_t kept(void) {
    return self.heap->big_bytes + self.heap->run_bytes;
}

static void *alloc(size_t size, bool clear) {
    char *block = big_alloc_slow(size, clear);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    struct pool *pool = owner_pool(block);
    CU_ASSERT_EQUAL(pool->state, size <= RUN_MAX ? POOL_RUN : POOL_LARGE);
    CU_ASSERT(big_usable(pool, block, "test") >= size);
    CU_ASSERT(big_bytes(pool) >= big_usable(pool, block, "test"));
    return block;
}

static void release(void *block) {
    big_free(owner_pool(block), block);
}

/* Twice: the first block of a thread gives it a heap. */
static void test_sizes(void) {
    for (int round = 0; round < 2; round++) {
        char *block[SIZES];
        for (size_t i = 0; i < SIZES; i++) {
            block[i] = alloc(sizes[i], true);
            CU_ASSERT(zero(block[i], sizes[i]));
            fill(block[i], sizes[i], i);
        }
        for (size_t i = 0; i < SIZES; i++)
            CU_ASSERT(filled(block[i], sizes[i], i));
        for (size_t i = 0; i < SIZES; i++)
            release(block[i]);
        arena_check();
        pool_free(pool_malloc(1));
    }
}

/* Kept by the heap or not, dirty or not: what has to be clear is. */
static void test_clear(void) {
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < SIZES; i++) {
            char *block = alloc(sizes[i] - (size_t)round, true);
            CU_ASSERT(zero(block, sizes[i] - (size_t)round));
            memset(block, 0xff, big_usable(owner_pool(block), block, "test"));
            release(block);
        }
}

static void free_twice(void *p) {
    pool_free(p);
    pool_free(p);
}

static void test_misuse(void) {
    for (size_t i = 0; i < SIZES; i++) {
        char *block = alloc(sizes[i], false);
        int twice = stopped_for(free_twice, block);
        CU_ASSERT(twice == MISUSE_DOUBLE_FREE || twice == MISUSE_INVALID_FREE);
        CU_ASSERT_EQUAL(stopped_for(free_it, block + 8), MISUSE_UNALIGNED_FREE);
        CU_ASSERT_EQUAL(stopped_for(free_it, block + 16), MISUSE_INTERIOR_FREE);
        CU_ASSERT_EQUAL(stopped_for(free_it, block + sizes[i] / 16 * 16 - 16),
                        MISUSE_INTERIOR_FREE);
        CU_ASSERT_EQUAL(stopped_for(free_it, block), RETURNED);
        release(block);
    }
}

static void test_resize_run(void) {
    pool_trim(0); /* or it is the pool returned last, wherever that lies */
    char *block = alloc(POOL_BYTES, false);
    fill(block, POOL_BYTES, 1);
    struct pool *pool = owner_pool(block);
    CU_ASSERT_PTR_EQUAL(big_resize(pool, 3 * POOL_BYTES), block); /* its neighbours are free */
    CU_ASSERT_EQUAL(big_usable(pool, block, "test"), 3 * POOL_BYTES);
    CU_ASSERT(filled(block, POOL_BYTES, 1));
    CU_ASSERT_PTR_EQUAL(owner_pool(block + 3 * POOL_BYTES - 1), pool);
    fill(block, 3 * POOL_BYTES, 2);
    CU_ASSERT_PTR_EQUAL(big_resize(pool, 2 * POOL_BYTES), block);
    CU_ASSERT_PTR_NULL(owner_pool(block + 2 * POOL_BYTES));
    CU_ASSERT(filled(block, 256, 2));
    arena_check();
    struct pool *wall = arena_take(1, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wall);
    wall->state = POOL_RUN;
    if (wall == pool + 2)
        CU_ASSERT_PTR_NULL(big_resize(pool, 3 * POOL_BYTES));
    arena_return(wall, 1);
    CU_ASSERT_PTR_NULL(big_resize(pool, SMALL_MAX));
    CU_ASSERT_PTR_NULL(big_resize(pool, RUN_MAX + 1));
    release(block);
    arena_check();
}

static void test_aligned(void) {
    for (size_t align = 4096; align <= (size_t)1 << 24; align *= 4)
        for (size_t size = 0; size < (size_t)1 << 21; size = size * 3 + 1) {
            char *block = big_aligned(align, size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(block);
            CU_ASSERT_EQUAL((uintptr_t)block & (align - 1), 0);
            CU_ASSERT(pool_usable(block) >= size);
            memset(block, 1, size);
            release(block);
        }
    arena_check();
}

static uint64_t in_use(void) {
    struct rows_total total;
    CU_ASSERT(rows_read(&rows_self, &libpool_root, &total, NULL));
    return total.live_bytes;
}

/* What the heap keeps is not live, is bounded, and goes back when asked for. */
static void test_kept(void) {
    pool_trim(0);
    uint64_t before = in_use();
    for (int i = 0; i < 300; i++) {
        char *one = alloc(SMALL_MAX + 1 + (size_t)i * 4000, false);
        release(one);
        CU_ASSERT_EQUAL(in_use(), before);
    }
    pool_trim(0);
    CU_ASSERT_EQUAL(in_use(), before);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 0);
    CU_ASSERT_EQUAL(libpool_root.large.blocks, 0);
    CU_ASSERT_EQUAL(libpool_root.large.cached, 0);
    arena_check();
}

/* A buffer taken and freed again and again is one block, in a thread that asks for nothing small
 * as well; where it would be half empty it is not used whole. */
static void take_again(void *size) {
    size_t bytes = *(size_t *)size;
    char *block = alloc(bytes, false);
    CU_ASSERT_PTR_NOT_NULL(self.heap);
    for (int i = 0; i < 3; i++) {
        uint64_t before = in_use();
        release(block);
        CU_ASSERT_EQUAL(in_use(), before - bytes);
        CU_ASSERT_PTR_EQUAL(alloc(bytes, false), block);
        CU_ASSERT_EQUAL(in_use(), before);
    }
    uint64_t whole = in_use();
    release(block);
    char *shorter = alloc(bytes - 100, false);
    CU_ASSERT_PTR_EQUAL(shorter, block);
    CU_ASSERT_EQUAL(in_use(), whole - 100);
    release(shorter);
    char *half = alloc(bytes / 2, false);
    CU_ASSERT(bytes / 2 <= POOL_BYTES || big_bytes(owner_pool(half)) < bytes);
    release(half);
}

static void test_again(void) {
    static size_t buffers[] = {20000, POOL_BYTES + 101, 100000, RUN_MAX, RUN_MAX + 4096, 1000000};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        in_thread(take_again, &buffers[i]);
        take_again(&buffers[i]);
    }
    pool_trim(0);
    arena_check();
}

/* A block may be large for its alignment alone: it serves the very same size, and what is counted
 * of it stays right. */
static void test_aligned_kept(void) {
    pool_trim(0);
    uint64_t before = in_use();
    for (size_t i = 0; i < 4; i++) {
        char *large = big_aligned(2 * POOL_BYTES, 2 * POOL_BYTES - 4000);
        CU_ASSERT_EQUAL(owner_pool(large)->state, POOL_LARGE);
        release(large);
        release(alloc(2 * POOL_BYTES - i, false));
    }
    CU_ASSERT_EQUAL(in_use(), before);
    pool_trim(0);
    CU_ASSERT_EQUAL(libpool_root.large.asked, 0);
}

static void *handed_over;

static void free_handed_over(void *p) {
    (void)p;
    pool_free(handed_over);
}

/* Runs and large blocks have no owner: whoever frees them may. */
static void test_freed_elsewhere(void) {
    for (size_t i = 0; i < SIZES; i++) {
        uint64_t before = in_use();
        handed_over = alloc(sizes[i], false);
        in_thread(free_handed_over, NULL);
        CU_ASSERT_EQUAL(in_use(), before);
    }
    arena_check();
}

/* A block that grows in small steps takes room along, or each pool's length would be copied; the
 * room stays while three quarters are used, and goes when no more than half is. */
static void test_grows_with_room(void) {
    char *block[2] = {pool_malloc(40000), pool_malloc(40000)};
    uint32_t moves = 0;
    for (size_t size = 40000; size < (4u << 20); size += 2000) {
        for (int i = 0; i < 2; i++) {
            char *to = pool_realloc(block[i], size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(to);
            moves += to != block[i];
            block[i] = to;
            CU_ASSERT(size == 40000 || to[size - 2001] == (char)(size - 2000));
            to[size - 1] = (char)size;
        }
    }
    CU_ASSERT(moves < 2 * 32);
    for (int i = 0; i < 2; i++) {
        size_t have = pool_usable(block[i]);
        CU_ASSERT_PTR_EQUAL(pool_realloc(block[i], have / 5 * 4), block[i]);
        CU_ASSERT_EQUAL(pool_usable(block[i]), have);
        block[i] = pool_realloc(block[i], have / 2);
        CU_ASSERT(pool_usable(block[i]) < have / 2 + POOL_BYTES);
    }
    pool_free(block[0]);
    pool_free(block[1]);
}

/* More than there are places for, and each length found again. */
static void test_many_kept(void) {
    char *small[2 * BIG_MAX];
    pool_trim(0);
    for (int i = 0; i < 2 * BIG_MAX; i++)
        small[i] = big_aligned((size_t)1 << 16, 100);
    for (int i = 0; i < 2 * BIG_MAX; i++) {
        release(small[i]);
        heap_check(self.heap);
    }
    CU_ASSERT(kept() <= BIG_MAX * 4096);
    char *run[4];
    for (size_t i = 0; i < 4; i++)
        run[i] = alloc((i + 1) * POOL_BYTES, false);
    for (size_t i = 0; i < 4; i++)
        release(run[i]);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_PTR_EQUAL(alloc((i + 1) * POOL_BYTES - 9000, false), run[i]);
        heap_check(self.heap);
    }
    for (size_t i = 0; i < 4; i++)
        release(run[i]);
    pool_trim(0);
    CU_ASSERT_EQUAL(kept(), 0);
    heap_check(self.heap);
}

/* A large program keeps more of them, as long as it is large. */
static void test_kept_by_size(void) {
    enum { SMALL = 40 << 10, RUNS = 30 };
    static char *small[SMALL], *run[RUNS];
    for (int i = 0; i < SMALL; i++)
        small[i] = pool_malloc(1024);
    for (int i = 0; i < RUNS; i++)
        run[i] = alloc(POOL_BYTES * 4, false);
    for (int i = 0; i < RUNS; i++)
        release(run[i]);
    CU_ASSERT(kept() > 3u << 20);
    CU_ASSERT(kept() <= 4u << 20);
    for (int i = 0; i < SMALL; i++)
        pool_free(small[i]);
    CU_ASSERT(kept() <= 1u << 20);
    heap_check(self.heap);
    pool_trim(0);
}

/* A large block is much of the program: without it the others are too many. */
static void test_kept_without_large(void) {
    enum { RUNS = 20 };
    static char *run[RUNS];
    char *large = pool_malloc((size_t)256 << 20);
    for (int i = 0; i < RUNS; i++)
        run[i] = alloc(POOL_BYTES * 4, false);
    for (int i = 0; i < RUNS; i++)
        release(run[i]);
    CU_ASSERT(kept() > 2u << 20);
    release(large);
    CU_ASSERT(kept() <= 1u << 20);
    heap_check(self.heap);
    pool_trim(0);
}

/* Other heaps keep little at first, and more of what they give back and fetch again. */
static void keep_what_bounces(void *p) {
    enum { RUNS = 10 };
    static char *run[RUNS];
    uint32_t most[3];
    (void)p;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < RUNS; i++)
            run[i] = alloc(POOL_BYTES * 4, false);
        for (int i = 0; i < RUNS; i++)
            release(run[i]);
        most[round] = kept();
    }
    CU_ASSERT(self.heap->index != 0);
    CU_ASSERT(most[0] <= 1u << 20);
    CU_ASSERT(most[1] > most[0]);
    CU_ASSERT(most[2] <= RUNS * 4 * POOL_BYTES);
    CU_ASSERT(self.heap->big_extra.bytes > 0);
    heap_check(self.heap);
}

static void test_kept_bounces(void) {
    in_thread(keep_what_bounces, NULL);
    /* The first has a share of live instead. */
    CU_ASSERT_EQUAL(self.heap->index, 0);
    CU_ASSERT_EQUAL(self.heap->big_extra.bytes, 0);
    pool_trim(0);
}

/* What is kept is joined before memory is touched for the first time. */
static void test_joined(void) {
    enum { RUNS = 4, EACH = 4 };
    char *run[RUNS], *least = (char *)UINTPTR_MAX;
    pool_trim(0);
    for (int i = 0; i < RUNS; i++) {
        run[i] = alloc(EACH * POOL_BYTES, false);
        least = run[i] < least ? run[i] : least;
    }
    for (int i = 0; i < RUNS; i++)
        release(run[i]);
    CU_ASSERT_EQUAL(kept(), RUNS * EACH * POOL_BYTES);
    char *whole = alloc(RUNS * EACH * POOL_BYTES, false);
    CU_ASSERT_PTR_EQUAL(whole, least);
    CU_ASSERT_EQUAL(kept(), 0);
    release(whole);
    /* Not if there is resident memory for it anyway. */
    char *again = alloc(EACH * POOL_BYTES, false);
    struct pool *warm = arena_take(EACH - 1, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(warm);
    warm->state = POOL_RUN;
    release(again);
    arena_return(warm, EACH - 1);
    release(alloc((EACH - 2) * POOL_BYTES, false));
    CU_ASSERT_PTR_EQUAL(alloc(EACH * POOL_BYTES, false), again);
    release(again);
    heap_check(self.heap);
    pool_trim(0);
}

/* Programs of many runs keep a share of them. */
static void test_kept_by_runs(void) {
    enum { RUNS = 300 };
    static char *run[RUNS];
    uint32_t most = 0;
    pool_trim(0);
    for (int i = 0; i < RUNS; i++)
        run[i] = alloc(POOL_BYTES * 4, false);
    for (int i = 0; i < RUNS; i++) {
        release(run[i]);
        most = kept() > most ? kept() : most;
    }
    CU_ASSERT(most > 4u << 20);
    CU_ASSERT(most <= 8u << 20);
    CU_ASSERT(kept() <= 1u << 20); /* nothing is live */
    heap_check(self.heap);
    pool_trim(0);
}

CU_TestInfo big_tests[] = {
    {"all sizes", test_sizes},
    {"clear", test_clear},
    {"misuse", test_misuse},
    {"a run resized", test_resize_run},
    {"aligned", test_aligned},
    {"kept by the heap", test_kept},
    {"taken again", test_again},
    {"large for its alignment", test_aligned_kept},
    {"many kept", test_many_kept},
    {"the more the larger the program", test_kept_by_size},
    {"fewer without a large block", test_kept_without_large},
    {"joined", test_joined},
    {"the more the more runs", test_kept_by_runs},
    {"what bounces", test_kept_bounces},
    {"freed by another thread", test_freed_elsewhere},
    {"growing in small steps", test_grows_with_room},
    CU_TEST_INFO_NULL,
};
