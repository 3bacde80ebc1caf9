#define _GNU_SOURCE
#include "tick.h"

#include <string.h>
#include <unistd.h>

#include "os.h"
#include "support.h"

static uint32_t calls;
static uint64_t last_ms;

/* Does what the host's hook may do: every lock of the allocator must be free. */
static void on_tick(uint64_t now_ms) {
    struct rows_total total;
    CU_ASSERT(now_ms >= last_ms);
    CU_ASSERT(now_ms <= os_now_ms());
    CU_ASSERT(rows_read(&rows_self, &libpool_root, &total, NULL));
    if (++calls % 8 == 0)
        pool_trim(0);
    last_ms = now_ms;
}

static void set_hook(void (*tick)(uint64_t now_ms)) {
    const struct pool_hooks hooks = {.misuse = test_hooks.misuse, .tick = tick};
    pool_set_hooks(&hooks);
}

/* Slow paths of all kinds. */
static void work(int rounds) {
    for (int i = 0; i < rounds; i++) {
        void *large = pool_malloc(RUN_MAX * 3), *run = pool_malloc(POOL_BYTES * 5);
        void *small = pool_malloc(SMALL_MAX);
        pool_free(large);
        pool_free(run);
        pool_free(small);
    }
}

static void test_called(void) {
    set_hook(on_tick);
    calls = 0;
    work(1000);
    uint32_t after_some = calls;
    CU_ASSERT(after_some > 10 && after_some < 6000);
    work(1000);
    CU_ASSERT(calls > after_some);
    set_hook(NULL);
    work(100);
}

static void in_other_thread(void *p) {
    (void)p;
    work(1000);
}

static void test_other_threads(void) {
    set_hook(on_tick);
    calls = 0;
    in_thread(in_other_thread, NULL);
    CU_ASSERT(calls > 10);
    set_hook(NULL);
}

static void test_no_heap(void) {
    CU_ASSERT_PTR_NULL(self.heap);
    tick();
}

/* However often it is asked, the hook is called once for each time that the clock shows. */
static void test_while_clock_stands(void) {
    enum { WANTED = 5 };
    uint64_t times = 0, asked = 0, before_ms;
    set_hook(on_tick);
    pool_free(pool_malloc(SMALL_MAX));
    tick_now(self.heap);
    calls = 0;
    for (before_ms = self.heap->ticked_ms; times < WANTED; asked++) {
        tick_if_later(self.heap);
        times += self.heap->ticked_ms != before_ms;
        before_ms = self.heap->ticked_ms;
        CU_ASSERT_EQUAL_FATAL(calls, times);
    }
    CU_ASSERT(asked > WANTED);
    CU_ASSERT(os_now_ms() - before_ms <= 1000);
    set_hook(NULL);
}

static uint64_t kept(void) {
    return libpool_root.cached_pools_bytes + libpool_root.large.cached_bytes;
}

#define MANY 4000
static void *small[MANY];

static void grow(int from, int to) {
    for (int i = from; i < to; i++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(small[i] = pool_malloc(SMALL_MAX));
}

static void shrink(int from) {
    while (from > 0)
        pool_free(small[--from]);
}

/* A large block that was freed is kept while the program may want it again, but not while it grows
 * by as much in small blocks. */
static void test_idle_mapping(void) {
    size_t bytes = (size_t)9 << 20;
    int few = 800;
    grow(0, few);
    for (int i = 0; i < 3; i++) { /* once given back, it is wanted again */
        char *large = pool_malloc(bytes);
        CU_ASSERT_PTR_NOT_NULL_FATAL(large);
        memset(large, 1, bytes);
        pool_free(large);
    }
    uint64_t cached = libpool_root.large.cached_bytes;
    CU_ASSERT(cached >= bytes);
    grow(few, few + 400); /* six MiB */
    CU_ASSERT_EQUAL(libpool_root.large.cached_bytes, cached);
    grow(few + 400, few + 800);
    CU_ASSERT(libpool_root.large.cached_bytes < bytes / 3);
    shrink(few + 800);
}

/* What was learnt to be kept goes back at any slow path once it has been idle for long, though
 * nothing is freed then. */
static void test_reconsiders(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.decay_ms = 20;
    pool_conf.keep_bytes = 0;
    for (int i = 0; i < 400; i++) {
        void *large = pool_malloc(RUN_MAX * 8);
        CU_ASSERT_PTR_NOT_NULL_FATAL(large);
        *(char *)large = 1;
        pool_free(large);
    }
    CU_ASSERT(kept() > 0);
    int count = 0;
    for (int i = 0; i < 200 && kept() > POOL_BYTES * 8; i++) {
        usleep(10000);
        for (int j = 0; j < 20; j++)
            small[count++] = pool_malloc(SMALL_MAX);
    }
    CU_ASSERT(kept() <= POOL_BYTES * 8);
    pool_conf.keep_bytes = keep;
    shrink(count);
}

CU_TestInfo tick_tests[] = {
    {"a thread without a heap", test_no_heap},
    {"the hook is called, with no lock held", test_called},
    {"in every thread", test_other_threads},
    {"nothing is done again while the clock stands", test_while_clock_stands},
    {"what is kept is reconsidered", test_reconsiders},
    {"a mapping of no use", test_idle_mapping},
    CU_TEST_INFO_NULL,
};
