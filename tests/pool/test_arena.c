#include "arena.h"

#include <string.h>

#include "decay.h"
#include "os.h"
#include "owner.h"
#include "support.h"

static uint32_t place_of(const struct pool *pool) {
    return (uint32_t)((size_t)(pool->base - pool->arena->base) / POOL_BYTES);
}

/* Beyond what may be kept memory goes back without being asked for. The first test, so that
 * nothing has been learnt yet. */
static void test_allowance(void) {
    static struct pool *pools[2 * ARENA_POOLS];
    size_t keep = pool_conf.keep_bytes;
    for (uint32_t i = 0; i < 2 * ARENA_POOLS; i++) {
        pools[i] = take_run(1);
        pools[i]->base[0] = 1;
    }
    for (uint32_t i = 0; i < 2 * ARENA_POOLS; i++)
        arena_return(pools[i], 1);
    CU_ASSERT(libpool_root.cached_pools_bytes <= keep + ((uint64_t)1 << 20));
    CU_ASSERT(event(EVENT_PURGED_BYTES) > 0);
    empty_arenas();
}

static void test_take(void) {
    for (uint32_t count = 1; count <= 16; count++) {
        struct pool *pool = take_run(count);
        CU_ASSERT_EQUAL((uintptr_t)pool->base % POOL_BYTES, 0);
        CU_ASSERT_EQUAL((uintptr_t)pool->arena->base % ARENA_BYTES, 0);
        CU_ASSERT_PTR_EQUAL(owner_record(pool->base), pool);
        CU_ASSERT_PTR_EQUAL(owner_record(pool->base + count * POOL_BYTES - 1), pool + count - 1);
        CU_ASSERT(place_of(pool) + count <= ARENA_POOLS);
        CU_ASSERT(pool->fresh);
        CU_ASSERT(zero(pool->base, count * POOL_BYTES));
        memset(pool->base, 1, count * POOL_BYTES);
        arena_check();
        arena_return(pool, count);
        arena_check();
        empty_arenas();
    }
}

static void test_take_warm(void) {
    CU_ASSERT_PTR_NULL(arena_take_warm(2));
    struct pool *run = take_run(4);
    char *base = run->base;
    CU_ASSERT_PTR_NULL(arena_take_warm(1));
    arena_return(run, 4);
    CU_ASSERT_PTR_NULL(arena_take_warm(5));
    run = arena_take_warm(3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(run);
    CU_ASSERT_PTR_EQUAL(run->base, base);
    run->state = POOL_RUN;
    arena_check();
    arena_return(run, 3);
    empty_arenas();
}

/* Pools that are still resident come before untouched ones, and are called used. */
static void test_resident_first(void) {
    struct pool *first = take_run(1), *second = take_run(1);
    char *base = first->base;
    arena_return(first, 1);
    first = take_run(1);
    CU_ASSERT_PTR_EQUAL(first->base, base);
    CU_ASSERT(!first->fresh);
    arena_return(first, 1);
    arena_return(second, 1);
    empty_arenas();
}

static struct pool *fill_arena(struct pool **pools) {
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        pools[i] = take_run(1);
    return pools[0];
}

static void test_fullest_first(void) {
    static struct pool *one[ARENA_POOLS], *two[ARENA_POOLS];
    fill_arena(one);
    fill_arena(two);
    CU_ASSERT_EQUAL(libpool_root.arena_count, 2);
    struct arena *fuller = two[0]->arena;
    for (uint32_t i = 0; i < ARENA_POOLS / 2; i++)
        arena_return(one[i], 1);
    arena_return(two[0], 1);
    two[0] = take_run(1);
    CU_ASSERT_PTR_EQUAL(two[0]->arena, fuller);
    struct pool *next = take_run(1);
    CU_ASSERT_PTR_NOT_EQUAL(next->arena, fuller);
    arena_return(next, 1);
    for (uint32_t i = ARENA_POOLS / 2; i < ARENA_POOLS; i++)
        arena_return(one[i], 1);
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        arena_return(two[i], 1);
    arena_check();
    empty_arenas();
}

static void test_extend(void) {
    struct pool *run = take_run(2);
    struct arena *arena = run->arena;
    uint32_t behind = ARENA_POOLS - place_of(run) - 2;
    CU_ASSERT(arena_extend(run, 2, 1));
    CU_ASSERT(!((arena->free >> (place_of(run) + 2)) & 1));
    CU_ASSERT(!arena_extend(run, 3, behind)); /* one beyond the arena's end */
    struct pool *wall = take_run(1);
    CU_ASSERT_PTR_EQUAL_FATAL(wall, run + 3);
    CU_ASSERT(!arena_extend(run, 3, 1));
    arena_return(wall, 1);
    CU_ASSERT(arena_extend(run, 3, behind - 1));
    CU_ASSERT_EQUAL(arena->free >> place_of(run), 0);
    arena_return(run, behind + 2);
    arena_check();
    empty_arenas();
}

static void test_shrink(void) {
    struct pool *run = take_run(5);
    uint32_t place = place_of(run);
    struct arena *arena = run->arena;
    arena_shrink(run, 5, 3);
    CU_ASSERT_EQUAL(arena->free >> place & 0x1f, 0x1c);
    arena_check();
    struct pool *tail = take_run(3);
    CU_ASSERT_PTR_EQUAL(tail, run + 2);
    CU_ASSERT_PTR_EQUAL(tail->base, run->base + 2 * POOL_BYTES);
    arena_return(tail, 3);
    arena_return(run, 2);
    empty_arenas();
}

static void test_purge(void) {
    struct pool *stays = take_run(1), *goes = take_run(4);
    char *at = goes->base;
    memset(at, 1, 4 * POOL_BYTES);
    memset(stays->base, 2, POOL_BYTES);
    arena_return(goes, 4);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 4 * POOL_BYTES);
    CU_ASSERT(arena_purge(0));
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 0);
    CU_ASSERT_EQUAL(resident(at, 4 * POOL_BYTES), 0);
    CU_ASSERT_EQUAL(resident(stays->base, POOL_BYTES), POOL_BYTES);
    CU_ASSERT(zero(at, 4 * POOL_BYTES));
    CU_ASSERT(!arena_purge(0));
    goes = take_run(4);
    CU_ASSERT(goes->fresh);
    arena_return(goes, 4);
    at = stays->base;
    arena_return(stays, 1);
    empty_arenas();
    CU_ASSERT(!mapped(at));
    CU_ASSERT_PTR_NULL(owner_pool(at));
    CU_ASSERT_PTR_NULL(owner_record(at)->arena);
}

/* A run goes where it leaves no hole. */
static void test_exact_fit(void) {
    struct pool *wall[3], *four, *two;
    wall[0] = take_run(1), four = take_run(4), wall[1] = take_run(1), two = take_run(2),
    wall[2] = take_run(1);
    arena_return(four, 4);
    arena_return(two, 2);
    CU_ASSERT_PTR_EQUAL(take_run(2), two);
    CU_ASSERT_PTR_EQUAL(take_run(4), four);
    arena_return(four, 4);
    arena_return(two, 2);
    for (int i = 0; i < 3; i++)
        arena_return(wall[i], 1);
    arena_check();
    empty_arenas();
}

/* The kernel must not make a huge page again of one of which a part was given back. */
static void test_huge_given_back(void) {
    static struct pool *pools[ARENA_POOLS + 2];
    uint32_t n = 0;
    decay_live((int64_t)(ARENA_BYTES * 64));
    for (; n < ARENA_POOLS + 2; n++) {
        pools[n] = arena_take(1, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pools[n]);
        pools[n]->state = POOL_USED;
        pools[n]->touched = POOL_BYTES / OS_PAGE;
    }
    decay_live(-(int64_t)(ARENA_BYTES * 64));
    struct arena *arena = pools[ARENA_POOLS]->arena;
    bool huge = arena->huge;
    CU_ASSERT_EQUAL(has_flag(arena->base, " hg"), huge);
    arena_return(pools[--n], 1);
    arena_purge(0);
    CU_ASSERT(!arena->huge && !has_flag(arena->base, " hg"));
    CU_ASSERT_EQUAL(has_flag(arena->base, " nh"), huge || os_huge_unasked);
    while (n > 0)
        arena_return(pools[--n], 1);
    empty_arenas();
}

/* Nor where it makes them of what nobody asked for. */
static void test_huge_unasked(void) {
    bool usual = os_huge_unasked;
    for (int unasked = 0; unasked < 2; unasked++) {
        os_huge_unasked = unasked != 0;
        struct pool *stays = take_run(1), *goes = take_run(2);
        CU_ASSERT(!has_flag(stays->base, " nh"));
        memset(stays->base + 8 * POOL_BYTES, 1, POOL_BYTES); /* as a huge page would bring along */
        arena_return(goes, 2);
        arena_purge(0);
        CU_ASSERT_EQUAL(has_flag(stays->base, " nh"), unasked);
        CU_ASSERT_EQUAL(resident(stays->base + 8 * POOL_BYTES, POOL_BYTES) == 0, unasked);
        arena_return(stays, 1);
        empty_arenas();
    }
    os_huge_unasked = usual;
}

#define RUNS 300

struct taken {
    struct pool *pool;
    uint32_t count;
};

/* Nothing is handed out twice: what one run has is nobody else's. */
static void test_random(void) {
    static struct taken runs[RUNS];
    uint64_t state = 11;
    for (int step = 0; step < 20000; step++) {
        struct taken *run = &runs[random_next(&state) % RUNS];
        if (run->pool != NULL) {
            CU_ASSERT(filled(run->pool->base, run->count * POOL_BYTES, run->count));
            arena_return(run->pool, run->count);
            *run = (struct taken){0};
        } else {
            run->count = (uint32_t)random_size(&state, 1, 16);
            run->pool = take_run(run->count);
            CU_ASSERT(!run->pool->fresh || zero(run->pool->base, run->count * POOL_BYTES));
            fill(run->pool->base, run->count * POOL_BYTES, run->count);
        }
        if (step % 64 == 0)
            arena_purge((uint64_t)(random_next(&state) % 32) * POOL_BYTES);
        if (step % 16 == 0)
            arena_check();
    }
    for (int i = 0; i < RUNS; i++)
        if (runs[i].pool != NULL)
            arena_return(runs[i].pool, runs[i].count);
    arena_check();
    empty_arenas();
}

#define MANY (80 * ARENA_POOLS)

/* Takes and returns many pools; was huge memory asked for? */
static bool huge_for(uint8_t touched) {
    static struct pool *pools[MANY];
    bool huge = false;
    for (uint32_t i = 0; i < MANY; i++) {
        pools[i] = arena_take(1, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(pools[i]);
        pools[i]->state = POOL_FULL;
        pools[i]->touched = touched;
        huge |= pools[i]->arena->huge;
    }
    for (uint32_t i = 0; i < MANY; i++)
        arena_return(pools[i], 1);
    empty_arenas();
    return huge;
}

/* Many pools of which little is touched are no reason for huge pages, as full ones are. (The
 * system may be too slow with them: then the first one is the last.) */
static void test_huge(void) {
    decay_live(ARENA_BYTES * 32);
    bool ever = decay_huge(ARENA_BYTES);
    decay_live(-(int64_t)ARENA_BYTES * 32);
    CU_ASSERT(!huge_for(1));
    CU_ASSERT_EQUAL(huge_for(POOL_BYTES / OS_PAGE), ever);
}

CU_TestInfo arena_tests[] = {
    {"no more is kept than allowed", test_allowance},
    {"take: aligned, recorded, zero", test_take},
    {"resident or nothing", test_take_warm},
    {"resident pools first", test_resident_first},
    {"the fullest arena first", test_fullest_first},
    {"extend", test_extend},
    {"shrink", test_shrink},
    {"purge, and empty arenas unmapped", test_purge},
    {"a place that fits exactly", test_exact_fit},
    {"a huge page given back in part", test_huge_given_back},
    {"a huge page that was not asked for", test_huge_unasked},
    {"at random", test_random},
    {"huge pages", test_huge},
    CU_TEST_INFO_NULL,
};
