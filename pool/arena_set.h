/* The set of live arenas, by number of free pools; arenas mapped and unmapped. All functions are
 * to be called under the arena lock. */
#ifndef POOL_ARENA_SET_H
#define POOL_ARENA_SET_H

#include "owner.h"
#include "types.h"

struct arena_set {
    struct arena *bucket[ARENA_POOLS + 1]; /* first arena with so many free pools */
    uint64_t map;                          /* bit n-1: bucket[n] is not empty; none for bucket[0] */
};
/* Those in huge pages, which are not for runs, by themselves: there may be hundreds to go past. */
enum { SET_SMALL, SET_HUGE, SETS };
extern struct arena_set arena_set[SETS] __attribute__((visibility("hidden")));

/* Takes an arena out before its free pools change in number, or `huge`, and puts it back after. */
void arena_set_remove(struct arena *arena);
void arena_set_add(struct arena *arena);
/* These are the arena's free pools now. */
void arena_set_free(struct arena *arena, uint64_t free);
/* A new one, every pool free and clean; with huge pages if `huge` and it is time for them. */
struct arena *arena_new(bool huge);
/* Unmaps an arena without a pool in use; its records read as zero again. */
void arena_drop(struct arena *arena);

/* Which of its arena's pools it is. */
static inline uint32_t arena_place(const struct pool *pool) {
    return (uint32_t)(pool - owner_record(pool->arena->base));
}

#endif
