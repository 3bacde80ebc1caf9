#include "fork.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/single_threaded.h>

#include "pool.h"
#include "publish.h"

/* glibc's fork takes the lock of its list of streams after all handlers, and a thread that holds
 * it in fflush(NULL) may need memory: so it has to be taken before our locks. glibc exports these
 * without a declaration; the lock counts how often its thread took it. */
__attribute__((weak)) extern void _IO_list_lock(void);
__attribute__((weak)) extern void _IO_list_unlock(void);
__attribute__((weak)) extern void _IO_list_resetlock(void);

/* The prepare handler took the locks. */
static bool locked;

/* With one thread there is nobody to wait for. A lock that is taken all the same is this thread's
 * own: it forks in a signal handler, in the middle of an allocation. */
static void prepare(void) {
    locked = !__libc_single_threaded;
    if (!locked)
        return;
    if (_IO_list_lock != NULL)
        _IO_list_lock();
    pool_fork_prepare();
}

static void parent(void) {
    if (!locked)
        return;
    pool_fork_parent();
    if (_IO_list_unlock != NULL)
        _IO_list_unlock();
}

/* Sets the locks free without asking who has them. */
static void child(void) {
    pool_fork_child();
    publish_fork_child();
    if (locked && _IO_list_resetlock != NULL)
        _IO_list_resetlock();
}

/* Handlers run in their order of registration after the fork and in the reverse order before it.
 * A child made without them (vfork, posix_spawn, _Fork, clone) finds its own thread's heap as it
 * was; what POSIX allows there takes no lock of ours. */
void fork_start(void) {
    pthread_atfork(prepare, parent, child);
}
