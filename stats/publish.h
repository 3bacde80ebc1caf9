/* Publishing: copies the allocator's rows into this process's shared page, now and then.
 *
 * Runs inside the host program, below malloc: allocates nothing, prints nothing, is no
 * cancellation point, keeps errno, takes no lock that a reader could hold, and needs less than
 * 2 KiB of stack. Whatever goes wrong with /dev/shm (missing, full, read-only, forbidden) costs
 * the program nothing but its page; it is tried again later, ever more rarely.
 */
#ifndef STATS_PUBLISH_H
#define STATS_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

/* Values a run-time option may change at any time. */
struct publish_conf {
    bool enabled;         /* default true */
    unsigned after_ms;    /* age from which a process has a page (default 100) */
    unsigned interval_ms; /* least time between two publications (default 50) */
    int keep_pid;         /* the process of this number publishes at its exit, however young it is,
                             and leaves its page behind for whoever asked (0: none) */
};
extern struct publish_conf publish_conf;

/* At load: notes the time and the process, nothing more. `exe` names the program where /proc does
 * not tell; it must stay valid. */
void publish_start(const char *exe);

/* The tick hook of the allocator; thread-safe, to be called with no lock held. Creates the page
 * when the process is old enough, publishes when it is time, serves a reader's request.
 * `now_ms`: CLOCK_MONOTONIC_COARSE in milliseconds. */
void publish_tick(uint64_t now_ms);

/* At a normal exit: removes the page (or, for keep_pid, publishes once more and keeps it). Does
 * nothing in the child of a vfork. Async-signal-safe; waits for another thread that is just
 * publishing, but not for long. */
void publish_exit(void);

/* In the child of a fork: the page is the parent's, the child will get its own. */
void publish_fork_child(void);

#endif
