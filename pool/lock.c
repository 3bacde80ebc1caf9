#include "lock.h"

#include "instructions.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static void futex(struct lock *lock, int operation, int value) {
    int saved = errno;
    syscall(SYS_futex, &lock->word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
    errno = saved;
}

void lock_wait(struct lock *lock) {
    /* The holder does little under a lock: it is usually about to be done, which takes a
     * microsecond, where sleeping and being woken takes ten. */
    for (int spin = 0; spin < 100; spin++) {
        spin_pause();
        int expected = 0;
        if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_weak_explicit(&lock->word, &expected, 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
    }
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
        futex(lock, FUTEX_WAIT, 2);
}

void lock_wake(struct lock *lock) {
    futex(lock, FUTEX_WAKE, 1);
}
