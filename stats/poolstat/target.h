/* One process as poolstat sees it: what /proc says, and a snapshot from the best source. */
#ifndef POOLSTAT_TARGET_H
#define POOLSTAT_TARGET_H

#include "process.h"
#include "snapshot.h"

enum view {
    VIEW_BEST,  /* the process's memory where permitted, else its page */
    VIEW_EXACT, /* its memory or nothing */
    VIEW_PAGE,  /* its page or nothing */
};

struct target {
    struct process process;
    bool alive;
    struct snapshot snapshot;
    char page[PROCESS_PATH_MAX]; /* path of its page as seen from here; empty if none was found */
    struct reason not_exact;     /* why the page was taken instead of the memory */
};

/* Reads process `pid`. STATUS_OK (alive), STATUS_ENDED (dead, the snapshot holds its last page),
 * or another status with its reason and nothing to clear. */
enum status target_read(struct target *target, pid_t pid, enum view view, struct reason *reason);

/* Opens the page of the process for what `flags` say (O_RDONLY, O_RDWR) and fills in its path.
 * An own file descriptor, or -1 with the status and reason. */
int target_open_page(struct target *target, int flags, enum status *status, struct reason *reason);

void target_clear(struct target *target);

#endif
