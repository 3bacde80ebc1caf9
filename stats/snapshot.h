/* What is known of one process under libpool at one moment, read from outside.
 *
 * Two sources: its shared page, which says what was true when it was published, and its memory,
 * which says what is true now and takes permission to read. For tools, not for the host process:
 * everything here may allocate. Not thread-safe on the same snapshot. Times: CLOCK_BOOTTIME, ns.
 */
#ifndef STATS_SNAPSHOT_H
#define STATS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "page.h"
#include "rows.h"
#include "status.h"

enum snapshot_source { SNAPSHOT_NONE, SNAPSHOT_PAGE, SNAPSHOT_EXACT };

struct snapshot_range {
    uint64_t at, bytes;
    enum rows_range kind;
};

struct snapshot {
    enum snapshot_source source;
    uint64_t taken;   /* when the figures were true: now, or the time of publication */
    uint64_t reading; /* how long reading took, for an exact one: threads do not stop meanwhile */

    /* Of the page; zero in an exact reading. */
    bool writer_alive;
    bool one_moment;    /* all rows are of the same publication */
    uint32_t rows_lost; /* rows that were damaged, or never found whole */
    uint32_t heaps_truncated, arenas_truncated;
    int pid; /* as the process sees itself */
    uint64_t start_ticks, created, cost, interval, root;
    char exe[PAGE_EXE_MAX];

    struct rows_total total;
    struct rows_class classes[ROWS_CLASSES];
    uint32_t class_count, heap_count, arena_count, range_count;
    struct rows_heap *heaps;
    struct rows_arena *arenas;
    struct snapshot_range *ranges; /* what is not in arenas; exact reading only */
};

/* Reads and checks the page open at `fd`. Whatever the file holds, this returns: STATUS_OK,
 * STATUS_VERSION, STATUS_DAMAGED, STATUS_NO_PAGE (not finished yet) or STATUS_FAILED. On anything
 * but STATUS_OK the snapshot is empty. */
enum status snapshot_from_page(struct snapshot *snapshot, int fd, struct reason *reason);

/* Rows of one moment add up to the totals of that moment; where they do not, rows_lost says so. */
void snapshot_cross_check(struct snapshot *snapshot);

/* Reads the memory of process `pid`, whose libpool_root is at `root`. STATUS_OK, STATUS_DENIED,
 * STATUS_VERSION (layout of another version), STATUS_NO_PROCESS or STATUS_FAILED. */
enum status snapshot_from_memory(struct snapshot *snapshot, pid_t pid, uint64_t root,
                                 struct reason *reason);

/* Releases what a snapshot holds and empties it. An all-zero snapshot is empty. */
void snapshot_clear(struct snapshot *snapshot);

#endif
