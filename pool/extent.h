/* Extents: the stretches that regions consist of, each a large block or free. A free one is warm
 * (it may be resident, and reads as what was there) or cold (with the OS, reads as zero); two of a
 * kind never lie side by side. All functions are to be called under the arena lock.
 */
#ifndef POOL_EXTENT_H
#define POOL_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum extent_state { EXTENT_USED, EXTENT_COLD, EXTENT_WARM };

struct extent {
    char *at;
    size_t bytes;
    struct region *region;
    struct extent *lower, *upper; /* neighbours by address; NULL at the ends of the region */
    struct extent *next, *prev;   /* free: others on its list; warm ones oldest first */
    uint8_t state;                /* enum extent_state */
    uint8_t huge;                 /* huge pages were asked for */
    uint8_t moved; /* part of it is a mapping of its own to the kernel: mremap brought it */
};

/* True if `count` extents can be made without fail. */
bool extent_ready(uint32_t count);
/* Makes a used one that follows `lower`, or is the first of its region. Needs extent_ready(1). */
struct extent *extent_new(struct region *region, struct extent *lower, char *at, size_t bytes);
/* Takes a used one out of its region and forgets it. */
void extent_drop(struct extent *extent);
/* Splits off what is beyond the first `bytes`, of the same state. Needs extent_ready(1). */
struct extent *extent_split(struct extent *extent, size_t bytes);
/* A used extent takes in its used upper neighbour. */
void extent_absorb(struct extent *extent);
/* A used extent becomes free, joined with neighbours of its kind. */
struct extent *extent_free(struct extent *extent, enum extent_state state);
/* A free one becomes used. */
void extent_use(struct extent *extent);
/* The warm extent that has been so for the longest; NULL: none. */
struct extent *extent_oldest(void);

/* Is the record of that place nobody's? */
bool extent_may_start(const char *at);

/* What to look for: a place for `bytes` at a multiple of `align`, a power of two >= 4096. */
struct extent_wish {
    size_t bytes, align;
};
struct extent_place {
    struct extent *extent; /* the first it lies in; NULL: none */
    char *at;
};
/* In the smallest warm extent. */
struct extent_place extent_find_warm(struct extent_wish wish);
/* Around a warm extent of `least` bytes or more, but too small, and in its cold neighbours: the
 * biggest such. */
struct extent_place extent_find_around(struct extent_wish wish, size_t least);
/* In a cold extent: a small one, or of the biggest. */
struct extent_place extent_find_cold(struct extent_wish wish, bool biggest);

#endif
