#include "block_list.h"

#include <string.h>

#include "arena.h"
#include "remote.h"
#include "size_class.h"
#include "support.h"

static struct heap heap = {.id = (uint64_t)1 << 20}; /* no thread's: mail into it stays there */

static struct pool *start(uint32_t size_class) {
    struct pool *pool = arena_take(1, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    block_list_start(pool, &heap, size_class);
    pool->state = POOL_USED;
    return pool;
}

static void stop(struct pool *pool) {
    pool->bound = 0;
    heap.mail = NULL;
    arena_return(pool, 1);
}

static void test_start(void) {
    for (uint32_t c = 1; c < class_count; c++) {
        struct pool *pool = start(c);
        CU_ASSERT(block_list_empty(pool));
        CU_ASSERT_EQUAL(pool_used(pool), 0);
        CU_ASSERT_EQUAL(pool->block_size, class_size(c));
        CU_ASSERT_EQUAL(pool->capacity, POOL_BYTES / class_size(c));
        CU_ASSERT_EQUAL(pool->bound, 0);
        stop(pool);
    }
}

/* Takes the blocks of the list one by one, fast while that goes, and marks each. */
static uint32_t take_all(struct pool *pool, char *seen) {
    uint32_t taken = 0;
    while (!block_list_empty(pool)) {
        char *block = pool_pop(pool);
        if (block == NULL)
            block = block_list_pop_last(pool);
        uint32_t offset = (uint32_t)(block - pool->base);
        CU_ASSERT_EQUAL(offset % pool->block_size, 0);
        CU_ASSERT_FATAL(offset / pool->block_size < pool->carved);
        CU_ASSERT_EQUAL(seen[offset / pool->block_size]++, 0);
        CU_ASSERT_EQUAL(((struct link *)block)->mark, 0);
        memset(block, 0x5a, pool->block_size);
        CU_ASSERT_EQUAL(pool_used(pool), ++taken);
    }
    return taken;
}

/* Each class that has lists: all blocks come, each once, in as many portions as one likes. */
static void test_carve(void) {
    for (uint32_t c = 1; c < FINE_CLASSES; c++) {
        static char seen[POOL_BYTES / MIN_ALIGN];
        struct pool *pool = start(c);
        uint32_t half = block_list_carve(pool, (pool->capacity + 1u) / 2);
        CU_ASSERT_EQUAL(half, (pool->capacity + 1u) / 2);
        CU_ASSERT_EQUAL(block_list_length(pool), half);
        CU_ASSERT_EQUAL(pool->bound, class_bound(pool->block_size, pool->mult, half));
        memset(seen, 0, sizeof seen);
        CU_ASSERT_EQUAL(take_all(pool, seen), half);
        block_list_push(pool, pool->base);
        block_list_pop_last(pool);
        CU_ASSERT_EQUAL(block_list_carve(pool, 100000), pool->capacity - half);
        CU_ASSERT_EQUAL(block_list_carve(pool, 1), 0);
        while (!block_list_empty(pool))
            if (pool_pop(pool) == NULL)
                block_list_pop_last(pool);
        CU_ASSERT_EQUAL(pool_used(pool), pool->capacity);
        stop(pool);
    }
}

static void test_push(void) {
    struct pool *pool = start(class_of(100));
    static char seen[POOL_BYTES / MIN_ALIGN];
    memset(seen, 0, sizeof seen);
    block_list_carve(pool, pool->capacity);
    take_all(pool, seen);
    for (uint32_t i = 0; i < pool->capacity; i++) {
        char *block = pool->base + i * pool->block_size;
        CU_ASSERT(!block_list_has(pool, block));
        block_list_push(pool, block);
        CU_ASSERT(block_list_has(pool, block));
        CU_ASSERT_EQUAL(block_list_length(pool), i + 1);
        CU_ASSERT_EQUAL(pool_used(pool), pool->capacity - i - 1u);
    }
    memset(seen, 0, sizeof seen);
    CU_ASSERT_EQUAL(take_all(pool, seen), pool->capacity);
    stop(pool);
}

static uint32_t collect(struct pool *pool) {
    return block_list_join(pool, block_list_take(pool));
}

/* Mail counts as used until taken, and may be asked for meanwhile. */
static void test_mail(void) {
    struct pool *pool = start(class_of(200));
    static char seen[POOL_BYTES / MIN_ALIGN];
    memset(seen, 0, sizeof seen);
    block_list_carve(pool, pool->capacity);
    take_all(pool, seen);
    CU_ASSERT_EQUAL(collect(pool), 0);
    uint32_t mailed = pool->capacity - 1u;
    for (uint32_t i = 0; i < mailed; i++)
        remote_free(pool, pool->base + i * pool->block_size);
    CU_ASSERT_EQUAL(pool_used(pool), pool->capacity);
    CU_ASSERT_PTR_EQUAL(heap.mail, pool);
    CU_ASSERT(block_list_has(pool, pool->base));
    CU_ASSERT(!block_list_has(pool, pool->base + mailed * pool->block_size));
    CU_ASSERT_EQUAL(collect(pool), mailed);
    CU_ASSERT_EQUAL(pool_used(pool), 1);
    CU_ASSERT_EQUAL(block_list_length(pool), mailed);
    memset(seen, 0, sizeof seen);
    while (!block_list_empty(pool))
        if (pool_pop(pool) == NULL)
            block_list_pop_last(pool);
    CU_ASSERT_EQUAL(pool_used(pool), pool->capacity);
    stop(pool);
}

/* Mail joins a list that is not empty, and the two keep all their blocks. */
static void test_mail_joins(void) {
    struct pool *pool = start(class_of(1000));
    static char seen[POOL_BYTES / MIN_ALIGN];
    memset(seen, 0, sizeof seen);
    block_list_carve(pool, pool->capacity);
    take_all(pool, seen);
    for (uint32_t i = 0; i < pool->capacity; i++) {
        char *block = pool->base + i * pool->block_size;
        if (i % 3 == 0)
            block_list_push(pool, block);
        else if (i % 3 == 1)
            remote_free(pool, block);
    }
    uint32_t on_list = block_list_length(pool), mail = collect(pool);
    CU_ASSERT_EQUAL(mail, (pool->capacity + 1u) / 3);
    CU_ASSERT_EQUAL(block_list_length(pool), on_list + mail);
    CU_ASSERT_EQUAL(pool_used(pool), pool->capacity - on_list - mail);
    stop(pool);
}

/* While the pool stands on its heap's mail, all but one block can be had, if they are many. */
static void test_mail_most(void) {
    struct pool *pool = start(class_of(64));
    static char seen[POOL_BYTES / MIN_ALIGN];
    uint32_t few = 1 + pool->capacity / 32u;
    memset(seen, 0, sizeof seen);
    block_list_carve(pool, pool->capacity);
    take_all(pool, seen);
    for (uint32_t i = 0; i < 3 * few; i++) {
        CU_ASSERT(mail_worth_taking(pool) == (i > few));
        if (!mail_worth_taking(pool))
            CU_ASSERT_EQUAL(block_list_take_most(pool), 0);
        remote_free(pool, pool->base + i * pool->block_size);
    }
    CU_ASSERT_EQUAL(block_list_take_most(pool), 3 * few - 1);
    CU_ASSERT_PTR_EQUAL(heap.mail, pool);
    CU_ASSERT_EQUAL(block_list_length(pool), 3 * few - 1);
    CU_ASSERT_EQUAL(block_list_take_most(pool), 0);
    remote_free(pool, pool->base + 3 * few * pool->block_size);
    CU_ASSERT_PTR_EQUAL(heap.mail, pool);
    CU_ASSERT_PTR_NULL(pool->mail_next);
    CU_ASSERT_EQUAL(collect(pool), 2);
    CU_ASSERT_EQUAL(block_list_length(pool), 3 * few + 1);
    CU_ASSERT_EQUAL(pool_used(pool), pool->capacity - 3 * few - 1);
    stop(pool);
}

/* A fork may come when the one that stays has not yet been made the only one. */
static void test_mail_mended(void) {
    struct pool *pool = start(class_of(64));
    static char seen[POOL_BYTES / MIN_ALIGN];
    memset(seen, 0, sizeof seen);
    block_list_carve(pool, pool->capacity);
    take_all(pool, seen);
    struct link *one = (struct link *)pool->base, *two = (struct link *)(pool->base + 64);
    block_list_mend_mail(pool);
    remote_free(pool, one);
    *one = (struct link){.next = link_to(two), .mark = MARK};
    block_list_mend_mail(pool);
    remote_free(pool, two);
    CU_ASSERT_EQUAL(collect(pool), 2);
    CU_ASSERT_EQUAL(block_list_length(pool), 2);
    stop(pool);
}

static void take_mail(void *pool) {
    collect(pool);
}

/* The end of the mail is refused when it joins a list if it was written into; the rest when it is
 * handed out (test_remote.c). */
static void test_mail_written_to(void) {
    struct pool *pool = start(class_of(64));
    block_list_carve(pool, pool->capacity);
    char *one = pool_pop(pool), *two = pool_pop(pool);
    remote_free(pool, one);
    remote_free(pool, two);
    CU_ASSERT_EQUAL(stopped_for(take_mail, pool), RETURNED);
    memset(one, 0, 8);
    CU_ASSERT_EQUAL(stopped_for(take_mail, pool), MISUSE_CORRUPT_LINK);
    stop(pool);
}

/* A list that was written into leads nowhere else: counting stays in the pool and ends. */
static void test_broken_list(void) {
    struct pool *pool = start(class_of(64));
    uint64_t state = 9;
    block_list_carve(pool, pool->capacity);
    for (int i = 0; i < 1000; i++) {
        struct link *link =
            (struct link *)(pool->base + random_next(&state) % pool->capacity * pool->block_size);
        struct link was = *link;
        link->next = (uint16_t)random_next(&state);
        CU_ASSERT(block_list_length(pool) <= pool->carved);
        block_list_has(pool, pool->base);
        *link = was;
    }
    CU_ASSERT_EQUAL(block_list_length(pool), pool->carved);
    stop(pool);
}

CU_TestInfo block_list_tests[] = {
    {"start", test_start},
    {"carve: every block once", test_carve},
    {"push", test_push},
    {"mail", test_mail},
    {"mail joins the list", test_mail_joins},
    {"most of the mail", test_mail_most},
    {"mail mended after a fork", test_mail_mended},
    {"mail written to", test_mail_written_to},
    {"a broken list", test_broken_list},
    CU_TEST_INFO_NULL,
};
