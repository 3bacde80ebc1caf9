/* startup LIBPOOL [RUNS]: how much longer /bin/true takes with libpool loaded.
 *
 * Starts it with and without in turn, so that whatever else the machine does falls on both, and
 * compares the quicker half of each: interruptions only ever add time. Exit status 1 above
 * 1.15 times; the figures of the run are printed. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM  "/bin/true"
#define RUNS_MAX 5000
#define LIMIT    1.15

static double with_us[RUNS_MAX], without_us[RUNS_MAX];

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double run_us(char *const environment[]) {
    char *const arguments[] = {PROGRAM, NULL};
    pid_t child;
    int status;
    double start = now_us();
    if (posix_spawn(&child, PROGRAM, NULL, NULL, arguments, environment) != 0 ||
        waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "startup: %s failed with %s\n", PROGRAM, environment[0]);
        exit(2);
    }
    return now_us() - start;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mean of the quicker half, sorted. */
static double quick_half(const double *times, int count) {
    double sum = 0;
    for (int i = 0; i < count / 2; i++)
        sum += times[i];
    return sum / (count / 2);
}

int main(int argc, char **argv) {
    int runs = argc > 2 ? atoi(argv[2]) : 600;
    if (argc < 2 || runs < 2 || runs > RUNS_MAX || access(argv[1], R_OK) != 0) {
        fprintf(stderr, "usage: startup LIBPOOL [RUNS]; LIBPOOL: the path of libpool.so\n");
        return 2;
    }
    char preload[4096];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    char *const with[] = {preload, NULL}, *const without[] = {"", NULL};
    for (int i = 0; i < 20; i++)
        run_us(i % 2 ? with : without);
    for (int i = 0; i < runs; i++) {
        bool with_first = i % 2;
        if (with_first)
            with_us[i] = run_us(with);
        without_us[i] = run_us(without);
        if (!with_first)
            with_us[i] = run_us(with);
    }
    qsort(with_us, (size_t)runs, sizeof *with_us, ascending);
    qsort(without_us, (size_t)runs, sizeof *without_us, ascending);
    double ratio = quick_half(with_us, runs) / quick_half(without_us, runs);
    printf("%s, %d runs each, in microseconds: with %.0f, without %.0f, ratio %.3f\n", PROGRAM,
           runs, quick_half(with_us, runs), quick_half(without_us, runs), ratio);
    printf("least: with %.0f, without %.0f; median: with %.0f, without %.0f\n", with_us[0],
           without_us[0], with_us[runs / 2], without_us[runs / 2]);
    return ratio > LIMIT;
}
