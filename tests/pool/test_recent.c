#define _GNU_SOURCE
#include "recent.h"

#include <sched.h>

#include "arena.h"
#include "arena_set.h"
#include "owner.h"
#include "pool.h"
#include "pool_map.h"
#include "support.h"

static struct pool *find(bool run) {
    arena_lock();
    struct pool *pool = recent_find(run);
    arena_unlock();
    return pool;
}

static cpu_set_t all;

/* The `n`th processor this process may use; false: there are not so many. */
static bool go_to(int n) {
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all) && n-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            return sched_setaffinity(0, sizeof one, &one) == 0;
        }
    return false;
}

static void begin(void) {
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof all, &all), 0);
    CU_ASSERT_FATAL(go_to(0));
    arena_purge(0);
    CU_ASSERT_PTR_NULL(find(false));
}

static void end(void) {
    sched_setaffinity(0, sizeof all, &all);
    empty_arenas();
}

static void test_newest_first(void) {
    begin();
    struct pool *pool[4];
    for (int i = 0; i < 4; i++)
        pool[i] = take_run(1);
    /* Without the notes the first in order of addresses would come first. */
    arena_return(pool[0], 1);
    arena_return(pool[2], 1);
    arena_return(pool[1], 1);
    CU_ASSERT_PTR_EQUAL(take_run(1), pool[1]);
    CU_ASSERT_PTR_EQUAL(take_run(1), pool[2]);
    CU_ASSERT_PTR_EQUAL(take_run(1), pool[0]);
    for (int i = 0; i < 4; i++)
        arena_return(pool[i], 1);
    end();
}

/* Each of them may have had another fate since. */
static void test_not_free_any_more(void) {
    begin();
    struct pool *stays = take_run(1), *one = take_run(1), *two = take_run(1);
    CU_ASSERT_PTR_EQUAL(two, one + 1);
    arena_return(one, 1);
    arena_return(two, 1);
    struct pool *both = take_run(2);
    CU_ASSERT_PTR_EQUAL(both, one);
    CU_ASSERT_PTR_NULL(find(false));
    arena_return(both, 2);
    CU_ASSERT_PTR_NULL(find(false));
    arena_return(stays, 1);
    end();
}

static void test_given_back(void) {
    begin();
    struct pool *stays = take_run(1), *goes = take_run(1);
    arena_return(goes, 1);
    arena_purge(0);
    CU_ASSERT_PTR_NULL(find(false));
    arena_return(stays, 1);
    arena_purge(0);
    CU_ASSERT_EQUAL(libpool_root.arena_count, 0);
    CU_ASSERT_PTR_NULL(find(false));
    end();
}

static void set_huge(struct arena *arena, bool huge) {
    arena_set_remove(arena);
    arena->huge = huge;
    arena_set_add(arena);
}

static void test_not_in_huge(void) {
    begin();
    struct pool *pool = take_run(1);
    arena_return(pool, 1);
    set_huge(pool->arena, true);
    CU_ASSERT_PTR_NULL(find(true));
    pool = take_run(1);
    arena_return(pool, 1);
    set_huge(pool->arena, true);
    CU_ASSERT_PTR_EQUAL(find(false), pool);
    set_huge(pool->arena, false);
    end();
}

static void test_of_this_processor(void) {
    begin();
    struct pool *pool = take_run(1);
    if (go_to(1)) {
        arena_return(pool, 1);
        CU_ASSERT(go_to(0));
        CU_ASSERT_PTR_NULL(find(false));
        CU_ASSERT(go_to(1));
        CU_ASSERT_PTR_EQUAL(find(false), pool);
    } else {
        arena_return(pool, 1);
    }
    end();
}

/* More than there is room for: the oldest are forgotten, none comes twice. */
static void test_many(void) {
    begin();
    static struct pool *pool[ARENA_POOLS];
    uint64_t found = 0;
    int count = 0;
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = ARENA_BYTES;
    for (int i = 0; i < ARENA_POOLS; i++)
        pool[i] = take_run(1);
    struct pool *first = owner_record(pool[0]->arena->base), *next;
    for (int i = 1; i < ARENA_POOLS; i++)
        arena_return(pool[i], 1);
    for (int i = ARENA_POOLS - 1; (next = find(false)) != NULL; i--) {
        CU_ASSERT_PTR_EQUAL(next, pool[i]);
        found |= (uint64_t)1 << (next - first);
        count++;
    }
    CU_ASSERT(count > 8 && count < ARENA_POOLS - 1);
    CU_ASSERT_EQUAL(bits_set(found), (uint32_t)count);
    arena_return(pool[0], 1);
    pool_conf.keep_bytes = keep;
    end();
}

CU_TestInfo recent_tests[] = {
    {"newest first", test_newest_first},
    {"not free any more", test_not_free_any_more},
    {"given back", test_given_back},
    {"not in a huge page", test_not_in_huge},
    {"of this processor", test_of_this_processor},
    {"many", test_many},
    CU_TEST_INFO_NULL,
};
