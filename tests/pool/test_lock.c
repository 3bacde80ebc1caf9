#define _GNU_SOURCE
#include "lock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "support.h"

static struct lock lock;
static long plain; /* guarded by the lock */

#define THREADS 4
#define ROUNDS  20000

static void *add(void *p) {
    (void)p;
    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&lock);
        long was = plain;
        if (i % 64 == 0)
            sched_yield(); /* so that others really wait */
        plain = was + 1;
        lock_release(&lock);
    }
    return NULL;
}

static void test_excludes(void) {
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, add, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CU_ASSERT_EQUAL(plain, (long)THREADS * ROUNDS);
    CU_ASSERT_EQUAL(lock.word, 0);
}

static void test_try(void) {
    CU_ASSERT(lock_try(&lock));
    CU_ASSERT(!lock_try(&lock));
    lock_release(&lock);
    CU_ASSERT(lock_try(&lock));
    lock_release(&lock);
}

static void on_signal(int signal) {
    (void)signal;
}

static void *sleeper(void *p) {
    errno = 77;
    lock_take(&lock);
    *(int *)p = errno;
    lock_release(&lock);
    return NULL;
}

/* The waiter sleeps, is woken, and finds its errno as it was. */
static void test_sleeps(void) {
    pthread_t thread;
    int found = 0;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
    lock_take(&lock);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, sleeper, &found), 0);
    for (int i = 0; i < 5000 && lock.word != 2; i++)
        usleep(1000);
    CU_ASSERT_EQUAL(lock.word, 2);
    usleep(20000);
    CU_ASSERT_EQUAL(pthread_kill(thread, SIGUSR1), 0); /* interrupted, it goes on waiting */
    usleep(20000);
    CU_ASSERT_EQUAL(found, 0);
    errno = 78;
    lock_release(&lock);
    CU_ASSERT_EQUAL(errno, 78);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(found, 77);
    CU_ASSERT_EQUAL(lock.word, 0);
}

CU_TestInfo lock_tests[] = {
    {"one at a time", test_excludes},
    {"try", test_try},
    {"waits asleep, errno kept", test_sleeps},
    CU_TEST_INFO_NULL,
};
