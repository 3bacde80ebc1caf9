/* A program that keeps allocating:
 * busy SECONDS [fork|vfork|exec PROGRAM...|full MIB|leave HOW|signal].
 *
 *   fork   once it has a page; its child, which does the same, is named on stdout: "PARENT CHILD\n"
 *   vfork  once it has a page; its child ends at once, before anything is said
 *   exec   replaces itself by PROGRAM after SECONDS
 *   full   holds MIB of small blocks meanwhile
 *   leave  ends by the function HOW: exit, _exit, _Exit or quick_exit
 *   signal _exit in a signal handler after SECONDS, mostly in the middle of an allocation
 * Otherwise it prints its own number. It ends with status 7. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS         20000
#define HAS_PAGE_AFTER 0.4 /* seconds */
#define SMALL          512
#define RUN            30000 /* taken and given back under a lock each time */

static void *blocks[BLOCKS];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Fills and empties whole pools, which is what brings a program to its slow paths. */
static void be_busy(double seconds) {
    for (double end = now() + seconds; now() < end;) {
        for (int i = 0; i < BLOCKS; i++)
            blocks[i] = malloc((size_t)(16 + i % 480));
        for (int i = 0; i < BLOCKS; i++)
            free(blocks[i]);
    }
}

static void hold(size_t mib) {
    for (size_t i = 0; i < mib * (1 << 20) / SMALL; i++) {
        char *block = malloc(SMALL);
        if (!block)
            exit(3);
        memset(block, 1, SMALL);
    }
}

/* Status 6 says that what the program registered was called. */
static void at_quick_end(void) {
    _exit(6);
}

static void leave(const char *how) {
    if (strcmp(how, "exit") == 0)
        exit(7);
    if (strcmp(how, "_exit") == 0)
        _exit(7);
    if (strcmp(how, "_Exit") == 0)
        _Exit(7);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(7);
    at_quick_exit(at_quick_end);
    quick_exit(7);
}

static void end_by_signal(int number) {
    (void)number;
    _exit(7);
}

static void be_busy_until_signal(double seconds) {
    struct itimerval once = {{0, 0}, {(time_t)seconds, (suseconds_t)(seconds * 1e6) % 1000000}};
    signal(SIGALRM, end_by_signal);
    setitimer(ITIMER_REAL, &once, NULL);
    for (;;) {
        for (int i = 0; i < 16; i++)
            blocks[i] = malloc(RUN);
        for (int i = 0; i < 16; i++)
            free(blocks[i]);
    }
}

static int start_child(const char *what) {
    if (strcmp(what, "fork") != 0 && strcmp(what, "vfork") != 0)
        return -1;
    be_busy(HAS_PAGE_AFTER);
    if (strcmp(what, "fork") == 0)
        return fork();
    if (vfork() == 0)
        _exit(0);
    return -1;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    const char *what = argc > 2 ? argv[2] : "";
    char line[64];
    pid_t child = start_child(what);
    if (child != 0) {
        int n = child > 0 ? snprintf(line, sizeof line, "%d %d\n", (int)getpid(), (int)child)
                          : snprintf(line, sizeof line, "%d\n", (int)getpid());
        if (write(1, line, (size_t)n) != n)
            return 1;
    }
    if (strcmp(what, "full") == 0 && argc > 3)
        hold((size_t)atoi(argv[3]));
    if (strcmp(what, "signal") == 0)
        be_busy_until_signal(seconds);
    be_busy(seconds);
    if (strcmp(what, "exec") == 0 && argc > 3)
        execvp(argv[3], argv + 3);
    if (strcmp(what, "leave") == 0 && argc > 3)
        leave(argv[3]);
    return 7;
}
