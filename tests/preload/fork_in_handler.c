/* A program of one thread that forks in a signal handler, in the middle of whatever it allocates:
 * as crash reporters do, and as POSIX allowed for decades. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "check.h"

enum { FORKS = 300 };

static volatile sig_atomic_t forks;

static void handle(int signal_number) {
    (void)signal_number;
    int saved = errno, status;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    forks++;
    errno = saved;
}

/* Mostly on the slow paths: of pools, runs and mappings. */
static void allocate(unsigned round) {
    static const size_t sizes[] = {30000, 100000, 700000, 1500000};
    void *blocks[16];
    for (int i = 0; i < 16; i++)
        blocks[i] = malloc(sizes[(round + (unsigned)i) % 4]);
    for (int i = 0; i < 16; i++)
        free(blocks[i]);
}

int main(void) {
    alarm(100);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 500}, {0, 500}};
    check(sigaction(SIGPROF, &action, NULL) == 0);
    check(setitimer(ITIMER_PROF, &often, NULL) == 0);
    for (unsigned round = 0; forks < FORKS; round++)
        allocate(round);
    return 0;
}
