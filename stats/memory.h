/* Another process's memory, read in pieces large enough that many small reads cost few calls. */
#ifndef STATS_MEMORY_H
#define STATS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rows.h"

#define MEMORY_WINDOW  16384u
#define MEMORY_WINDOWS 64u

struct memory_window {
    uint64_t at;
    uint32_t bytes; /* valid; 0: nothing */
};

struct memory {
    pid_t pid;
    int error;        /* errno of the read that failed last, 0 if none did */
    uint64_t give_up; /* CLOCK_BOOTTIME: a structure that leads round in circles ends then */
    uint32_t reads;
    struct memory_window window[MEMORY_WINDOWS];
    unsigned char *data;
};

/* False when memory is short. `patience_ms`: how long all reads together may take. */
bool memory_open(struct memory *memory, pid_t pid, unsigned patience_ms);
void memory_close(struct memory *memory);

/* As rows_source.read, with a struct memory as the context. */
const void *memory_read(void *context, const void *at, size_t len, void *buf);

#endif
