/* The ways to end a process that pass by its destructors: _exit, _Exit, quick_exit. Children of
 * fork end so, and so do shells: each would leave its page in /dev/shm behind. */
#include "exit.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "export.h"
#include "publish.h"

/* As in libc, with all threads. Looking up libc's own here would be no async-signal-safe thing to
 * do. In the child of a vfork publish_exit knows that the page is the parent's. */
EXPORT _Noreturn void _exit(int status) {
    publish_exit();
    for (;;)
        syscall(SYS_exit_group, status);
}

EXPORT ALIAS_OF(_exit) _Noreturn void _Exit(int status);

/* libc ends quick_exit by a call that nobody sees. First here, last there: what the program has
 * registered comes before. */
void exit_start(void) {
    at_quick_exit(publish_exit);
}
