#include "thread.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>

#include "pool.h"

static pthread_key_t key;

/* Other keys' destructors free and allocate too, and some arm themselves again, so the heap stays
 * until the last of the rounds that POSIX grants. The value counts the rounds still to come. */
static void on_thread_end(void *value) {
    uintptr_t rounds = (uintptr_t)value;
    if (rounds > 1)
        pthread_setspecific(key, (void *)(rounds - 1));
    else
        pool_thread_exit();
}

/* Nothing is lost but the heap of this thread should setspecific fail: its memory stays in use. */
static void on_thread_start(void) {
    pthread_setspecific(key, (void *)(uintptr_t)PTHREAD_DESTRUCTOR_ITERATIONS);
}

void thread_start(void) {
    if (pthread_key_create(&key, on_thread_end) != 0)
        return;
    pool_on_thread_start(on_thread_start);
    on_thread_start(); /* this thread may have had its heap from the dynamic loader on */
}
