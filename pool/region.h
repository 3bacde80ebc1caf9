/* Regions: address space in which large blocks lie side by side as extents, so that a block can
 * grow into what is free behind it, and what is freed is joined with its neighbours. Memory goes
 * back by madvise, the address space stays. All functions are to be called under the arena lock.
 *
 * A shared region is reserved without access and opened from its start as it fills. A block too
 * big for one, or one that finds too little address space, has a region of its own length.
 */
#ifndef POOL_REGION_H
#define POOL_REGION_H

#include "extent.h"

struct region {
    char *base;
    size_t bytes;    /* open: so much of it consists of extents */
    size_t reserved; /* address space */
    struct extent *last;
    struct region *next, *prev;
    uint8_t own; /* 1: made for one block; its free ends are unmapped */
};

/* Makes room: a cold extent of `bytes` or more that begins at a multiple of `align`. False: no
 * memory. */
bool region_make_room(size_t bytes, size_t align);
/* Opens at least `least` more behind the last extent, a step if possible. False: not possible. */
bool region_open(struct region *region, size_t least);
/* Opens more behind a warm last extent of `least` bytes or more, so that together they have
 * `bytes`. False: there is none. */
bool region_open_behind_warm(size_t bytes, size_t least);
/* After an extent became cold: lets address space go that is not worth keeping. `all`: all that can
 * be let go. */
void region_trim(struct region *region, bool all);
/* The same for every region. True: some went. */
bool region_trim_all(void);
/* The region is the extent's alone, made for it, and may be remapped. */
bool region_alone(const struct extent *extent);
/* Its only extent lies elsewhere now. */
void region_moved(struct extent *extent, char *at, size_t bytes);

#endif
