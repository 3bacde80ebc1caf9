/* Clearing what dead processes left in PAGE_DIRECTORY. Usable inside malloc (see publish.h). */
#ifndef STATS_SWEEP_H
#define STATS_SWEEP_H

enum sweep_mode {
    SWEEP_OLD, /* only what nobody will want to read any more: 10 minutes old, or beyond 16 */
    SWEEP_ALL, /* every leftover */
};

/* Removes the caller's own leftovers (root, asking for all: everybody's). The page of a living
 * process is never touched, and unless all are asked for, neither is that of a zombie. Returns how
 * many were removed, -1 if the directory cannot be read. */
int sweep_leftovers(const char *directory, enum sweep_mode mode);

#endif
