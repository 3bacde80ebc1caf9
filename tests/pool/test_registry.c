#define _GNU_SOURCE
#include "registry.h"

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block_list.h"
#include "heap_slow.h"
#include "os.h"
#include "support.h"

static void note_heap(void *p) {
    CU_ASSERT_PTR_NULL(self.heap);
    pool_free(pool_malloc(100));
    *(struct heap **)p = self.heap;
    CU_ASSERT_EQUAL(self.heap->state, HEAP_LIVE);
    CU_ASSERT_EQUAL(self.heap->tid, os_tid());
    CU_ASSERT_PTR_EQUAL(self.heap->thread, &self);
    CU_ASSERT_EQUAL(self.heap->id, self.id);
}

/* One heap serves all the threads that come one after the other. */
static void test_adopted(void) {
    struct heap *first, *second;
    pool_free(pool_malloc(1));
    in_thread(note_heap, &first);
    CU_ASSERT_EQUAL(first->state, HEAP_ABANDONED);
    CU_ASSERT_EQUAL(first->tid, 0);
    uint32_t heaps = libpool_root.heap_count;
    for (int i = 0; i < 50; i++) {
        in_thread(note_heap, &second);
        CU_ASSERT_PTR_EQUAL(second, first);
    }
    CU_ASSERT_EQUAL(libpool_root.heap_count, heaps);
    CU_ASSERT(event(EVENT_HEAP_ADOPTED) >= 50);
}

static pthread_barrier_t barrier;

static void *stay(void *p) {
    note_heap(p);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    pool_thread_exit();
    return NULL;
}

struct kept {
    struct heap *heap;
    void *block, *other;
};

static void *keep(void *p) {
    struct kept *kept = p;
    kept->block = pool_malloc(100);
    kept->other = pool_malloc(100);
    kept->heap = self.heap;
    pthread_barrier_wait(&barrier);
    pool_thread_exit();
    return NULL;
}

static void free_first(void *p) {
    struct kept *kept = p;
    CU_ASSERT_PTR_NULL(self.heap);
    errno = ENOTTY;
    pool_free(kept->block);
    CU_ASSERT_EQUAL(errno, ENOTTY);
    CU_ASSERT_PTR_EQUAL(self.heap, kept->heap);
    CU_ASSERT_EQUAL(kept->heap->state, HEAP_LIVE);
    CU_ASSERT_EQUAL(kept->heap->tid, os_tid());
    /* What a thread frees at its very end makes it no heap. */
    pool_thread_exit();
    pool_free(kept->other);
    CU_ASSERT_PTR_NULL(self.heap);
    CU_ASSERT_EQUAL(kept->heap->state, HEAP_ABANDONED);
}

/* Whoever begins with the blocks of a thread that has ended goes on with its heap. */
static void test_taken_over(void) {
    struct kept kept[3];
    pthread_t thread[3];
    pthread_barrier_init(&barrier, NULL, 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, keep, &kept[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&barrier);
    uint64_t adopted = event(EVENT_HEAP_ADOPTED);
    for (int i = 0; i < 3; i++)
        in_thread(free_first, &kept[i]);
    CU_ASSERT_EQUAL(event(EVENT_HEAP_ADOPTED), adopted + 3);
}

static void test_own_heaps(void) {
    struct heap *heap[8];
    pthread_t thread[8];
    pthread_barrier_init(&barrier, NULL, 9);
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, stay, &heap[i]), 0);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 8; i++) {
        CU_ASSERT_PTR_NOT_EQUAL(heap[i], self.heap);
        for (int j = 0; j < i; j++)
            CU_ASSERT(heap[i] != heap[j] && heap[i]->id != heap[j]->id);
    }
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 8; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&barrier);
}

static void *left[3000];

static void allocate(void) {
    for (int i = 0; i < 3000; i++) {
        left[i] = pool_malloc(16 + (size_t)i % 700);
        fill(left[i], 16 + (size_t)i % 700, (uint64_t)i);
    }
    for (int i = 0; i < 3000; i += 3)
        pool_free(left[i]);
}

static bool left_intact(void) {
    bool intact = true;
    for (int i = 0; i < 3000; i++)
        intact &= i % 3 == 0 || filled(left[i], 16 + (size_t)i % 700, (uint64_t)i);
    return intact;
}

static void free_left(void) {
    for (int i = 0; i < 3000; i++)
        if (i % 3 != 0)
            pool_free(left[i]);
}

static void *end_without_exit(void *p) {
    allocate();
    *(struct heap **)p = self.heap;
    return NULL;
}

static void keep_nothing(void *p) {
    (void)p;
    pool_free(pool_malloc(24));
}

static void *keep_and_end(void *p) {
    (void)p;
    for (size_t size = 20000; size < 200000; size += 30000)
        pool_free(pool_malloc(size));
    return NULL;
}

/* What such threads kept for their next big block does not pile up. */
static void test_orphans_keep(void) {
    uint64_t most = 0;
    for (int i = 0; i < 60; i++) {
        pthread_t thread;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, keep_and_end, NULL), 0);
        pthread_join(thread, NULL);
        struct rows_total total;
        CU_ASSERT(rows_read(&rows_self, &libpool_root, &total, NULL));
        most = total.cached_bytes > most ? total.cached_bytes : most;
    }
    CU_ASSERT(most < (uint64_t)4 << 20);
    in_thread(keep_nothing, NULL);
}

static void adopt_all(void *p) {
    (void)p;
    pool_free(pool_malloc(24));
    CU_ASSERT(left_intact());
    free_left();
    heap_check(self.heap);
}

/* A thread may end without a word: the next one finds what it left. */
static void test_orphan(void) {
    struct heap *heap, *next;
    pthread_t thread;
    do { /* heaps that were handed over come first: take all of them */
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, end_without_exit, &heap), 0);
        pthread_join(thread, NULL);
        free_left();
    } while (event(EVENT_HEAP_ABANDONED) > event(EVENT_HEAP_ADOPTED));
    uint32_t heaps = libpool_root.heap_count;
    for (int i = 0; i < 1000 && os_thread_alive(heap->tid); i++)
        usleep(1000);
    in_thread(note_heap, &next);
    CU_ASSERT_EQUAL(libpool_root.heap_count, heaps);
    CU_ASSERT_NOT_EQUAL(next->state, HEAP_LIVE);
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, end_without_exit, &heap), 0);
    pthread_join(thread, NULL);
    in_thread(adopt_all, NULL);
}

static void *hold(void *p) {
    (void)p;
    allocate();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    pool_thread_exit();
    return NULL;
}

/* stopped_for() with what fork handlers do around it. */
static int fork_around(void (*act)(void *p)) {
    pool_fork_prepare();
    int result = stopped_for(act, NULL);
    pool_fork_parent();
    return result;
}

static uint64_t live_blocks(void) {
    struct rows_total total;
    CU_ASSERT(rows_read(&rows_self, &libpool_root, &total, NULL));
    return total.live_blocks;
}

static void after_the_fork(void *p) {
    (void)p;
    pool_fork_child();
    uint64_t before = live_blocks();
    if (!left_intact() || event(EVENT_FORK) == 0)
        __builtin_trap();
    in_thread(adopt_all, NULL);
    if (live_blocks() != before - 2000)
        __builtin_trap();
    for (int i = 0; i < 10000; i++)
        pool_free(pool_malloc((size_t)i));
    heap_check(self.heap);
}

/* In the child of a fork, the heaps of threads that it does not have go to new threads. */
static void test_fork(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, hold, NULL), 0);
    pthread_barrier_wait(&barrier);
    CU_ASSERT_EQUAL(fork_around(after_the_fork), RETURNED);
    CU_ASSERT(left_intact());
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    free_left();
    pthread_barrier_destroy(&barrier);
}

static _Atomic int started;

static void on_start(void) {
    started++;
}

static void test_start_hook(void) {
    struct heap *heap;
    pool_on_thread_start(on_start);
    CU_ASSERT_EQUAL(started, 1); /* this thread has its heap already */
    in_thread(note_heap, &heap);
    in_thread(note_heap, &heap);
    CU_ASSERT_EQUAL(started, 3);
}

static void go_on(void *p) {
    (void)p;
    pool_free(pool_malloc(100));
    pool_thread_exit();
    CU_ASSERT_PTR_NULL(self.heap);
    char *block = pool_malloc(100);
    fill(block, 100, 1);
    CU_ASSERT_PTR_NOT_NULL(self.heap);
    CU_ASSERT(filled(block, 100, 1));
    pool_free(block);
    pool_thread_exit();
    pool_thread_exit();
}

static void test_trim(void) {
    allocate();
    free_left();
    pool_trim(0);
    uint64_t trims = event(EVENT_TRIM);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 0);
    CU_ASSERT_EQUAL(libpool_root.large.cached, 0);
    CU_ASSERT(!pool_trim(0));
    CU_ASSERT_EQUAL(event(EVENT_TRIM), trims + 1);
    allocate();
    CU_ASSERT(left_intact());
    free_left();
    CU_ASSERT(pool_trim(0));
}

static void test_exit_and_on(void) {
    in_thread(go_on, NULL);
}

static void test_out_of_memory(void) {
    uint64_t before = event(EVENT_OUT_OF_MEMORY);
    errno = 0;
    CU_ASSERT_PTR_NULL(out_of_memory());
    CU_ASSERT_EQUAL(errno, ENOMEM);
    CU_ASSERT_EQUAL(event(EVENT_OUT_OF_MEMORY), before + 1);
}

CU_TestInfo registry_tests[] = {
    {"a heap is handed on", test_adopted},
    {"a thread goes on with another's blocks", test_taken_over},
    {"threads at work have their own", test_own_heaps},
    {"a thread that ends without a word", test_orphan},
    {"what such threads kept", test_orphans_keep},
    {"fork", test_fork},
    {"the hook for new threads", test_start_hook},
    {"trim", test_trim},
    {"a thread goes on after its exit", test_exit_and_on},
    {"out of memory", test_out_of_memory},
    CU_TEST_INFO_NULL,
};
