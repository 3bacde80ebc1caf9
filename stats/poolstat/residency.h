/* How much of a heap is in memory, by what the kernel says of each mapping and page. */
#ifndef POOLSTAT_RESIDENCY_H
#define POOLSTAT_RESIDENCY_H

#include "snapshot.h"

struct residency {
    bool measured;       /* the fields below the line are valid */
    bool resident_exact; /* resident was counted, not taken from lagging counters */
    uint64_t resident;   /* RSS of the process; 0 when nothing could be read */
    /* ---- */
    uint64_t arenas, large, cached, metadata; /* resident bytes of each kind of mapping */
    uint64_t heap;                            /* their sum */
    uint64_t swapped;                         /* of the heap */
};

/* Never fails: what cannot be read is left out. */
void residency_measure(struct residency *residency, pid_t pid, const struct snapshot *snapshot);

#endif
