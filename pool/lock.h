/* A lock of one word: uncontended it is one compare-and-swap, contended it sleeps in the kernel.
 *
 * Own code because pthread_mutex_t may call into a preloaded tracer, and because fork.c must be
 * able to set every lock free in the child. States: 0 free, 1 taken, 2 taken and waited for
 * (U. Drepper, "Futexes Are Tricky", mutex2).
 */
#ifndef POOL_LOCK_H
#define POOL_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

struct lock {
    _Atomic int word;
};

/* Sleeps until the lock is free. Preserves errno. */
void lock_wait(struct lock *lock);
/* Wakes one sleeper. Preserves errno. */
void lock_wake(struct lock *lock);

/* False if it is taken. */
static inline bool lock_try(struct lock *lock) {
    int expected = 0;
    return atomic_compare_exchange_strong_explicit(&lock->word, &expected, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

/* Just now. */
static inline bool lock_taken(const struct lock *lock) {
    return atomic_load_explicit(&lock->word, memory_order_acquire) != 0;
}

static inline void lock_take(struct lock *lock) {
    if (!lock_try(lock))
        lock_wait(lock);
}

static inline void lock_release(struct lock *lock) {
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        lock_wake(lock);
}

#endif
