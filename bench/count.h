/*
 * Counts the system calls by which a process tree changes its memory, without slowing any other:
 * a seccomp filter sends these few, and only these, past a listener that lets them go on.
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdio.h>
#include <sys/types.h>

enum { COUNTED = 8 };

struct counts {
    unsigned long calls[COUNTED];
};

/* In the child, before its exec: has all it will call counted, and sends the listener to `socket`.
 * It may gain no privileges from then on. 0, or -1 with errno. */
int count_me(int socket);

/* In the parent: counts what arrives by `socket` until `child` has ended, which is left to be
 * waited for. Descendants that live longer get ENOSYS from what is counted. 0, or -1 with errno. */
int count_until_end(int socket, pid_t child, struct counts *counts);

/* Writes them as a JSON object. */
void count_write(FILE *file, const struct counts *counts);

#endif
