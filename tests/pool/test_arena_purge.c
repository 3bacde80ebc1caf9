#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "os.h"
#include "owner.h"
#include "pool.h"
#include "support.h"

#define ARENAS 6
#define POOLS  (ARENAS * ARENA_POOLS)

static struct pool *pools[POOLS];

static void take_all(void) {
    for (uint32_t i = 0; i < POOLS; i++) {
        pools[i] = take_run(1);
        fill(pools[i]->base, POOL_BYTES, i);
    }
}

/* Every pool with i % 3 == `rest`: a third of each arena, with two in use between them. */
static void return_third(uint32_t rest) {
    for (uint32_t i = rest; i < POOLS; i += 3)
        arena_return(pools[i], 1);
}

static void take_third(uint32_t rest) {
    for (uint32_t i = rest; i < POOLS; i += 3) {
        pools[i] = take_run(1);
        pools[i]->base[0] = 1;
    }
}

static size_t third_resident(uint32_t rest) {
    size_t bytes = 0;
    for (uint32_t i = rest; i < POOLS; i += 3)
        bytes += resident(pools[i]->base, POOL_BYTES);
    return bytes;
}

static uint64_t leaving(void) {
    uint64_t map = 0;
    for (const struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next)
        map |= a->leaving;
    return map;
}

/* More holes than go in one batch: all go back, what lies between them stays. */
static void test_holes(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = (size_t)1 << 30;
    take_all();
    return_third(0);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, POOLS / 3 * POOL_BYTES);
    CU_ASSERT_EQUAL(third_resident(0), POOLS / 3 * POOL_BYTES);
    uint64_t bytes = event(EVENT_PURGED_BYTES);
    CU_ASSERT(arena_purge(0));
    CU_ASSERT_EQUAL(event(EVENT_PURGED_BYTES) - bytes, POOLS / 3 * POOL_BYTES);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 0);
    CU_ASSERT_EQUAL(libpool_root.arena_count, ARENAS);
    CU_ASSERT_EQUAL(third_resident(0), 0);
    CU_ASSERT_EQUAL(leaving(), 0);
    arena_check();
    for (uint32_t i = 0; i < POOLS; i++)
        if (i % 3 != 0)
            CU_ASSERT(filled(pools[i]->base, POOL_BYTES, i));
    CU_ASSERT(!arena_purge(0));
    return_third(1);
    return_third(2);
    pool_conf.keep_bytes = keep;
    empty_arenas();
}

/* Down to what may be kept, from the emptiest arena. */
static void test_keep(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = (size_t)1 << 30;
    take_all();
    for (uint32_t i = 0; i < 20; i++)
        arena_return(pools[i], 1);
    for (uint32_t i = ARENA_POOLS; i < ARENA_POOLS + 3; i++)
        arena_return(pools[i], 1);
    arena_purge(4 * POOL_BYTES);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 3 * POOL_BYTES);
    CU_ASSERT_EQUAL(resident(pools[ARENA_POOLS]->base, POOL_BYTES), POOL_BYTES);
    for (uint32_t i = 0; i < POOLS; i++)
        if (i >= 20 && !(i >= ARENA_POOLS && i < ARENA_POOLS + 3))
            arena_return(pools[i], 1);
    pool_conf.keep_bytes = keep;
    empty_arenas();
}

/* Locks, or unlocks, the first memory page of each of them; the system call itself, since the
 * sanitizers leave it out. */
static void lock_third(uint32_t rest, long call) {
    for (uint32_t i = rest; i < POOLS; i += 3)
        CU_ASSERT_EQUAL_FATAL(syscall(call, pools[i]->base, OS_PAGE), 0);
}

/* Memory that the program has locked stays, and is not asked for again and again. */
static void test_refused(void) {
    size_t keep = pool_conf.keep_bytes;
    pool_conf.keep_bytes = (size_t)1 << 30;
    take_all();
    lock_third(0, SYS_mlock);
    return_third(0);
    arena_purge(0);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, POOLS / 3 * POOL_BYTES);
    for (uint32_t i = 0; i < POOLS; i += 3)
        CU_ASSERT(filled(pools[i]->base, POOL_BYTES, i));
    CU_ASSERT_EQUAL(leaving(), 0);
    arena_check();
    lock_third(0, SYS_munlock);
    arena_purge(0);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 0);
    CU_ASSERT_EQUAL(third_resident(0), 0);
    return_third(1);
    return_third(2);
    pool_conf.keep_bytes = keep;
    empty_arenas();
}

static atomic_bool done;

static void *keep_purging(void *p) {
    while (!atomic_load(&done))
        arena_purge(0);
    return p;
}

/* Takes and returns; what it holds nobody else takes or gives back. */
static void *churn(void *p) {
    enum { HELD = 100 };
    struct pool *held[HELD] = {NULL};
    uint64_t state = (uintptr_t)p;
    for (int step = 0; step < 4000; step++) {
        uint32_t i = (uint32_t)(random_next(&state) % HELD);
        if (held[i] == NULL) {
            held[i] = take_run(1);
            fill(held[i]->base, OS_PAGE, (uintptr_t)p + i);
            continue;
        }
        if (!filled(held[i]->base, OS_PAGE, (uintptr_t)p + i))
            __builtin_trap();
        arena_return(held[i], 1);
        held[i] = NULL;
    }
    for (uint32_t i = 0; i < HELD; i++)
        if (held[i] != NULL)
            arena_return(held[i], 1);
    return NULL;
}

#define CHURNERS 3

static void test_threads(void) {
    pthread_t purger[2], churner[CHURNERS];
    atomic_store(&done, false);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&purger[i], NULL, keep_purging, NULL), 0);
    for (uintptr_t i = 0; i < CHURNERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&churner[i], NULL, churn, (void *)((i + 1) << 20)), 0);
    for (int i = 0; i < CHURNERS; i++)
        pthread_join(churner[i], NULL);
    atomic_store(&done, true);
    for (int i = 0; i < 2; i++)
        pthread_join(purger[i], NULL);
    CU_ASSERT_EQUAL(leaving(), 0);
    empty_arenas();
}

static atomic_bool purged;

static void *purge_all(void *p) {
    arena_purge(0);
    atomic_store(&purged, true);
    return p;
}

/* Who needs all that is free waits for what is on its way; who only has too much does not. */
static void test_one_at_a_time(void) {
    pthread_t thread;
    arena_return(take_run(1), 1);
    uint64_t cached = libpool_root.cached_pools_bytes;
    CU_ASSERT(cached > 0);
    arena_purge_lock();
    CU_ASSERT(!arena_purge(1));
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, cached);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, purge_all, NULL), 0);
    usleep(20000);
    CU_ASSERT(!atomic_load(&purged));
    arena_purge_unlock();
    pthread_join(thread, NULL);
    CU_ASSERT(atomic_load(&purged));
    empty_arenas();
}

static void *keep_returning(void *p) {
    while (!atomic_load(&done)) {
        return_third(0);
        arena_purge(0);
        take_third(0);
    }
    return p;
}

/* Pools that are neither free nor somebody's. */
static uint32_t lost(void) {
    uint32_t count = 0;
    for (const struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next)
        for (uint32_t i = 0; i < ARENA_POOLS; i++)
            count += (a->free >> i & 1) == 0 && owner_record(a->base)[i].state == POOL_NONE;
    return count;
}

/* Status 0: the child's arenas are whole, and what was on its way back can be taken. (But for one
 * pool, of which the other thread had not said yet that it is its own.) */
static bool child_is_whole(void) {
    pool_fork_prepare();
    pid_t child = fork();
    if (child != 0) {
        pool_fork_parent();
        int status;
        return waitpid(child, &status, 0) == child && status == 0;
    }
    pool_fork_child();
    arena_check();
    bool whole = leaving() == 0 && lost() <= 1;
    arena_purge(0);
    whole &= libpool_root.cached_pools_bytes == 0 && lost() <= 1;
    uint32_t arenas = libpool_root.arena_count, free = 0;
    for (const struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next)
        free += a->free_count;
    for (uint32_t i = 0; i < free; i++)
        whole &= zero(take_run(1)->base, POOL_BYTES);
    _exit(!whole || libpool_root.arena_count != arenas);
}

static void test_fork(void) {
    pthread_t thread;
    take_all();
    atomic_store(&done, false);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, keep_returning, NULL), 0);
    int whole = 0;
    for (int i = 0; i < 60; i++)
        whole += child_is_whole();
    CU_ASSERT_EQUAL(whole, 60);
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    for (uint32_t i = 0; i < POOLS; i++)
        arena_return(pools[i], 1);
    empty_arenas();
}

static volatile sig_atomic_t in_child, bad_children, children;

/* One signal, soon, at another place each time. */
static void signal_soon(void) {
    static uint64_t state = 7;
    struct itimerval soon = {.it_value.tv_usec = (suseconds_t)(50 + random_next(&state) % 3000)};
    setitimer(ITIMER_REAL, &soon, NULL);
}

/* Forks wherever the signal comes; parent and child both go on there. */
static void fork_here(int signal) {
    (void)signal;
    pid_t child = fork();
    if (child == 0) {
        pool_fork_child();
        in_child = 1;
        return;
    }
    int status;
    children++;
    bad_children += waitpid(child, &status, 0) != child || status != 0;
    signal_soon();
}

/* One round of taking, returning and giving back; the child of a fork in it ends here. */
static void round_with_forks(void) {
    return_third(0);
    arena_purge(0);
    take_third(0);
    if (!in_child)
        return;
    arena_check();
    bool whole = leaving() == 0 && lost() == 0;
    for (uint32_t i = 1; i < POOLS; i += 3)
        whole &= filled(pools[i]->base, POOL_BYTES, i);
    _exit(!whole);
}

/* A program of one thread forks in a signal handler that interrupts the giving back. */
static void test_fork_in_handler(void) {
    struct sigaction action = {.sa_handler = fork_here, .sa_flags = SA_RESTART}, before;
    struct itimerval never = {{0, 0}, {0, 0}};
    take_all();
    CU_ASSERT_EQUAL_FATAL(sigaction(SIGALRM, &action, &before), 0);
    children = bad_children = 0;
    signal_soon();
    for (int i = 0; i < 400 && children < 100; i++)
        round_with_forks();
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    CU_ASSERT(children > 0);
    CU_ASSERT_EQUAL(bad_children, 0);
    for (uint32_t i = 0; i < POOLS; i++)
        arena_return(pools[i], 1);
    empty_arenas();
}

CU_TestInfo arena_purge_tests[] = {
    {"more holes than go at once", test_holes},
    {"what may be kept is kept", test_keep},
    {"while others take and return", test_threads},
    {"more holes, with threads", test_holes},
    {"one at a time", test_one_at_a_time},
    {"forks meanwhile", test_fork},
    {"forks in a signal handler", test_fork_in_handler},
    {"locked memory", test_refused},
    CU_TEST_INFO_NULL,
};
