/* Small programs that are their own check: `check(condition)` names the line that failed and ends
 * the program with status 1. Allocates nothing itself. */
#ifndef PRELOAD_CHECK_H
#define PRELOAD_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define check(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

static inline void check_failed(const char *file, int line, const char *condition) {
    dprintf(STDERR_FILENO, "%s:%d: failed: %s\n", file, line, condition);
    _exit(1);
}

#endif
