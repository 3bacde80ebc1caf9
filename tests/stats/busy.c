/* A program that keeps allocating: busy SECONDS [fork|exec PROGRAM...|full MIB].
 *
 *   fork   once it has a page; its child, which does the same, is named on stdout: "PARENT CHILD\n"
 *   exec   replaces itself by PROGRAM after SECONDS
 *   full   holds MIB of small blocks meanwhile
 * Otherwise it prints its own number. It ends with status 7. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS         20000
#define HAS_PAGE_AFTER 0.4 /* seconds */
#define SMALL          512

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

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    const char *what = argc > 2 ? argv[2] : "";
    char line[64];
    pid_t child = -1;
    if (strcmp(what, "fork") == 0) {
        be_busy(HAS_PAGE_AFTER);
        child = fork();
    }
    if (child != 0) {
        int n = child > 0 ? snprintf(line, sizeof line, "%d %d\n", (int)getpid(), (int)child)
                          : snprintf(line, sizeof line, "%d\n", (int)getpid());
        if (write(1, line, (size_t)n) != n)
            return 1;
    }
    if (strcmp(what, "full") == 0 && argc > 3)
        hold((size_t)atoi(argv[3]));
    be_busy(seconds);
    if (strcmp(what, "exec") == 0 && argc > 3)
        execvp(argv[3], argv + 3);
    return 7;
}
