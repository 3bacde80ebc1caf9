#include "heap_slow.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "block_list.h"
#include "os.h"
#include "registry.h"
#include "support.h"

/* First of all: this thread has no heap yet. */
static void test_first(void) {
    CU_ASSERT_PTR_NULL(self.heap);
    CU_ASSERT_PTR_NULL(heap_alloc_fast(24));
    heap_free(NULL);
    errno = 77;
    void *block = heap_alloc(24);
    CU_ASSERT_PTR_NOT_NULL_FATAL(block);
    CU_ASSERT_PTR_NOT_NULL(self.heap);
    heap_free(block);
    CU_ASSERT_EQUAL(errno, 77);
    block = heap_alloc_fast(24);
    CU_ASSERT_PTR_NOT_NULL(block);
    heap_free(block);
}

static void test_sizes(void) {
    static char *block[SMALL_MAX + 1];
    for (size_t size = 0; size <= SMALL_MAX; size += size < 2048 ? 1 : 61) {
        block[size] = heap_alloc(size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block[size]);
        CU_ASSERT_EQUAL((uintptr_t)block[size] % MIN_ALIGN, 0);
        size_t usable = pool_usable(block[size]);
        CU_ASSERT(usable >= size && usable <= 2 * size + 64);
        CU_ASSERT_EQUAL(usable, class_size(class_of(usable)));
        fill(block[size], pool_usable(block[size]), size);
    }
    for (size_t size = 0; size <= SMALL_MAX; size++)
        if (block[size] != NULL)
            CU_ASSERT(filled(block[size], pool_usable(block[size]), size));
    for (size_t size = 0; size <= SMALL_MAX; size++)
        if (block[size] != NULL)
            heap_free(block[size]);
    heap_check(self.heap);
}

#define MANY 20000

static char *many[MANY];

static size_t size_of(size_t i) {
    return 1 + i * 37 % 600;
}

/* In which order blocks are freed does not matter. */
static void free_in(size_t step) {
    for (size_t i = 0; i < MANY; i++) {
        many[i] = heap_alloc(size_of(i));
        CU_ASSERT_PTR_NOT_NULL_FATAL(many[i]);
        fill(many[i], size_of(i), i);
    }
    heap_check(self.heap);
    for (size_t i = 0, at = 0; i < MANY; i++, at = (at + step) % MANY) {
        if (!filled(many[at], size_of(at), at))
            CU_FAIL_FATAL("a block was changed by another");
        heap_free(many[at]);
        if (i % 1000 == 0)
            heap_check(self.heap);
    }
    heap_check(self.heap);
}

static void test_orders(void) {
    free_in(1);
    free_in(MANY - 1);
    free_in(7919);
}

static uint32_t pools_of(const struct heap *heap) {
    uint32_t pools = 0;
    for (uint32_t c = 1; c < class_count; c++)
        pools += heap->count[c].pools;
    return pools;
}

/* When all is freed and given back, what remains of the heap are no pools at all. */
static void test_gives_back(void) {
    free_in(7919);
    give_back_kept();
    heap_check(self.heap);
    CU_ASSERT_EQUAL(pools_of(self.heap), 0);
    CU_ASSERT_EQUAL(self.heap->rest_bytes, 0);
    arena_purge(0);
    CU_ASSERT_EQUAL(libpool_root.arena_count, 0);
}

static void free_twice(void *p) {
    heap_free(p);
    heap_free(p);
}

/* Every kind of second free, by where the block is then. */
static void test_double(void) {
    char *block = heap_alloc(48);
    CU_ASSERT_EQUAL(stopped_for(free_twice, block), MISUSE_DOUBLE_FREE);
    static char *all[POOL_BYTES / 48 * 3];
    uint32_t count = sizeof all / sizeof all[0];
    for (uint32_t i = 0; i < count; i++)
        all[i] = heap_alloc(48);
    CU_ASSERT_EQUAL(stopped_for(free_twice, all[count / 2]), MISUSE_DOUBLE_FREE);
    for (uint32_t i = 0; i + 1 < count; i++)
        heap_free(all[i]);
    CU_ASSERT_EQUAL(stopped_for(free_it, all[count - 2]), MISUSE_DOUBLE_FREE);
    int first = stopped_for(free_it, all[0]);
    CU_ASSERT(first == MISUSE_DOUBLE_FREE || first == MISUSE_INVALID_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_it, all[count - 1]), RETURNED);
    heap_free(all[count - 1]);
    heap_free(block);
    heap_check(self.heap);
}

static void test_wrong_pointers(void) {
    char *block = heap_alloc(200), on_stack[64] __attribute__((aligned(16)));
    static char in_data[64] __attribute__((aligned(16)));
    struct pool *pool = owner_pool(block);
    for (size_t i = 1; i < 200; i++) {
        int expected = i % MIN_ALIGN != 0 ? MISUSE_UNALIGNED_FREE : MISUSE_INTERIOR_FREE;
        CU_ASSERT_EQUAL(stopped_for(free_it, block + i), expected);
    }
    CU_ASSERT_EQUAL(stopped_for(free_it, on_stack), MISUSE_INVALID_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_it, in_data), MISUSE_INVALID_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_it, (void *)~(uintptr_t)15), MISUSE_INVALID_FREE);
    CU_ASSERT_EQUAL(stopped_for(free_it, (void *)16), MISUSE_INVALID_FREE);
    if (pool->carved < pool->capacity)
        CU_ASSERT_EQUAL(stopped_for(free_it, pool->base + pool->carved * pool->block_size),
                        MISUSE_INVALID_FREE);
    heap_free(block);
}

/* A program's data may look like a mark: that is no double free. */
static void test_data_like_marks(void) {
    static struct link *block[500];
    for (int i = 0; i < 500; i++) {
        block[i] = heap_alloc(32);
        *block[i] = (struct link){.next = (uint16_t)i, .mark = i % 2 != 0 ? MARK : MARK_LAST};
    }
    for (int i = 0; i < 500; i++)
        heap_free(block[i]);
    heap_check(self.heap);
    for (uint32_t byte = 0; byte < 256; byte++) {
        struct link *one = heap_alloc(32);
        memset(one, (int)byte, 32);
        heap_free(one);
    }
    heap_check(self.heap);
}

static void take_two(void *size) {
    heap_alloc((size_t)(uintptr_t)size);
    heap_alloc((size_t)(uintptr_t)size);
}

/* Writing into a freed block is found before a link of it is followed. */
static void test_written_after_free(void) {
    for (size_t size = 16; size <= FINE_MAX; size *= 4) {
        char *one = heap_alloc(size), *two = heap_alloc(size);
        heap_free(two);
        heap_free(one);
        memset(one, 0x41, 16);
        CU_ASSERT_EQUAL(stopped_for(take_two, (void *)size), MISUSE_CORRUPT_LINK);
        CU_ASSERT_PTR_NULL(heap_alloc_fast(SMALL_MAX + size));
        *(struct link *)one = (struct link){.next = link_to(two), .mark = MARK};
    }
}

/* Blocks that are free in the slots of this thread. */
static uint64_t free_in_slots(void) {
    uint64_t free = 0;
    for (uint32_t c = 1; c < class_count; c++)
        if (self.slot[c] != &pool_none && self.slot[c]->size_class == c)
            free += self.slot[c]->carved - pool_used(self.slot[c]);
    return free;
}

static uint64_t refilled(void) {
    uint64_t sum = 0;
    for (uint32_t c = 1; c < class_count; c++)
        sum += self.heap->count[c].refilled;
    return sum;
}

/* While nothing is freed, each block handed out was on a list when that was taken into use. */
static void test_counts(void) {
    pool_trim(0);
    uint64_t before = refilled() + free_in_slots();
    uint32_t pools = pools_of(self.heap);
    static char *block[1000];
    for (int i = 0; i < 1000; i++)
        block[i] = heap_alloc(320);
    CU_ASSERT(refilled() - before >= 1000);
    CU_ASSERT(pools_of(self.heap) - pools >= 1000 * 320 / POOL_BYTES);
    for (int i = 0; i < 1000; i++)
        heap_free(block[i]);
}

/* A pool that goes round, from class to class, gets no more memory than the largest of its uses
 * took: a block of each class in turn. */
static void test_goes_round(void) {
    pool_trim(0);
    struct pool *pool = NULL;
    for (uint32_t round = 0; round < 40; round++) {
        size_t size = 16 * (1 + round % 32);
        void *block = heap_alloc(size);
        pool = owner_pool(block);
        CU_ASSERT(pool->touched <= 2);
        CU_ASSERT(resident(pool->base, POOL_BYTES) <= pool->touched * OS_PAGE);
        heap_free(block);
        give_back_kept();
    }
    CU_ASSERT_EQUAL(pool->fresh, 0);
}

static void test_too_much(void) {
    for (int shift = 47; shift < 64; shift++) {
        errno = 0;
        CU_ASSERT_PTR_NULL(heap_alloc((size_t)1 << shift));
        CU_ASSERT_EQUAL(errno, ENOMEM);
    }
    for (size_t i = 0; i < 64; i++)
        CU_ASSERT_PTR_NULL(heap_alloc(SIZE_MAX - i));
    CU_ASSERT(event(EVENT_OUT_OF_MEMORY) >= 64);
}

CU_TestInfo heap_tests[] = {
    {"a thread's first block", test_first},
    {"all small sizes", test_sizes},
    {"freed in any order", test_orders},
    {"all goes back", test_gives_back},
    {"double frees", test_double},
    {"wrong pointers", test_wrong_pointers},
    {"data that look like marks", test_data_like_marks},
    {"written into after free", test_written_after_free},
    {"refills are counted", test_counts},
    {"a pool goes round", test_goes_round},
    {"too much asked for", test_too_much},
    CU_TEST_INFO_NULL,
};
