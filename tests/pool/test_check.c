#include "config.h"

#include "arena.h"
#include "block_list.h"
#include "heap_slow.h"
#include "support.h"

/* In the build with assertions each of these is found; in the other nothing is looked at. */
static void expect_found(void (*damage)(void *p), void *p) {
    CU_ASSERT_EQUAL(stopped_for(damage, p), EXPECT_CHECKED ? CRASHED : RETURNED);
}

static void test_build(void) {
    CU_ASSERT_EQUAL(CHECKED, EXPECT_CHECKED);
}

static void look(void *p) {
    (void)p;
    heap_check(self.heap);
    arena_check();
}

static void miscount(void *pool) {
    ((struct pool *)pool)->top += QUOTA_ONE;
    look(NULL);
}

static void lose_a_block(void *pool) {
    struct link *first = link_at(pool, (uint16_t)((struct pool *)pool)->top);
    ((struct pool *)pool)->top = top_with_head(((struct pool *)pool)->top, first->next);
    look(NULL);
}

static void break_a_mark(void *pool) {
    link_at(pool, (uint16_t)((struct pool *)pool)->top)->mark = 1;
    look(NULL);
}

static void disarm(void *pool) {
    ((struct pool *)pool)->bound = 0;
    look(NULL);
}

static void say_full(void *pool) {
    ((struct pool *)pool)->state = POOL_FULL;
    look(NULL);
}

static void belong_elsewhere(void *pool) {
    static struct heap other;
    ((struct pool *)pool)->heap = &other;
    look(NULL);
}

static void lose(void *pool) {
    self.slot[((struct pool *)pool)->size_class] = &pool_none;
    self.heap->ticks = 0;
    look(NULL);
}

static void test_heap(void) {
    void *block = pool_malloc(48);
    struct pool *pool = owner_pool(block);
    CU_ASSERT_EQUAL(stopped_for(look, NULL), RETURNED);
    expect_found(lose, pool);
    expect_found(miscount, pool);
    expect_found(lose_a_block, pool);
    CU_ASSERT_EQUAL(stopped_for(break_a_mark, pool),
                    EXPECT_CHECKED ? (int)MISUSE_CORRUPT_LINK : RETURNED);
    expect_found(disarm, pool);
    expect_found(say_full, pool);
    expect_found(belong_elsewhere, pool);
    pool_free(block);
}

static void lose_dirt(void *arena) {
    (void)arena;
    libpool_root.cached_pools_bytes += POOL_BYTES;
    look(NULL);
}

static void free_a_pool_in_use(void *pool) {
    struct arena *arena = ((struct pool *)pool)->arena;
    arena->free |= (uint64_t)1 << (((struct pool *)pool)->base - arena->base) / POOL_BYTES;
    look(NULL);
}

static void test_arena(void) {
    void *block = pool_malloc(48);
    struct pool *pool = owner_pool(block);
    expect_found(lose_dirt, pool->arena);
    expect_found(free_a_pool_in_use, pool);
    pool_free(block);
}

CU_TestInfo check_tests[] = {
    {"assertions are on where they should be", test_build},
    {"a heap's invariants", test_heap},
    {"an arena's invariants", test_arena},
    CU_TEST_INFO_NULL,
};
