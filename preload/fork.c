#include "fork.h"

#include <pthread.h>

#include "pool.h"
#include "publish.h"

static void child(void) {
    pool_fork_child();
    publish_fork_child();
}

/* Handlers run in their order of registration after the fork and in the reverse order before it.
 * A child made without them (vfork, posix_spawn, _Fork, clone) finds its own thread's heap as it
 * was; what POSIX allows there takes no lock of ours. */
void fork_start(void) {
    pthread_atfork(pool_fork_prepare, pool_fork_parent, child);
}
