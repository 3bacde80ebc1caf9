/* What /proc tells about a process. */
#ifndef STATS_PROCESS_H
#define STATS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "status.h"

#define PROCESS_PATH_MAX 512

struct process {
    pid_t pid;
    pid_t inner_pid; /* as the process sees itself: another number inside a PID namespace */
    uid_t uid;
    uint64_t start_ticks; /* field 22 of /proc/PID/stat */
    bool zombie;
    char name[64]; /* of the program: from its path, else as the kernel shortens it */

    /* Of its memory map; empty if the map may not be read. */
    bool map_readable;
    uint64_t library_base; /* lowest address libpool.so is mapped at, 0: it is not */
    uint64_t library_inode;
    char library[PROCESS_PATH_MAX];
    char page[PROCESS_PATH_MAX]; /* the shared page it has mapped */
};

/* False when there is no such process. */
bool process_look(struct process *process, pid_t pid);

/* Fills in the part that comes from the memory map. */
void process_look_at_map(struct process *process);

/* Names it after the last part of `path`; what cannot be printed becomes '?'. */
void process_set_name(struct process *process, const char *path);

/* Address of libpool_root in the process: STATUS_OK, STATUS_NOT_POOL if it has no libpool.so, or
 * STATUS_FAILED if its symbol cannot be found. */
enum status process_find_root(const struct process *process, uint64_t *root, struct reason *reason);

/* Resident bytes. `*exact`: counted just now by the kernel; otherwise from counters which may lag
 * by some tens of pages per thread. False if neither can be read. */
bool process_resident(pid_t pid, uint64_t *bytes, bool *exact);

#endif
