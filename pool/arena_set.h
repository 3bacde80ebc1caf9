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
extern struct arena_set arena_set __attribute__((visibility("hidden")));

/* Takes an arena out before its free pools change in number, and puts it back after. */
void arena_set_remove(struct arena *arena);
void arena_set_add(struct arena *arena);
/* A new one, every pool free and clean; with huge pages if `huge` and it is time for them. */
struct arena *arena_new(bool huge);
/* Unmaps an arena without a pool in use; its records read as zero again. */
void arena_drop(struct arena *arena);

/* Which of its arena's pools it is. */
static inline uint32_t arena_place(const struct pool *pool) {
    return (uint32_t)(pool - owner_record(pool->arena->base));
}

/* Without the instruction, which not every x86-64 has, __builtin_popcountll is a call. */
static inline uint32_t bits_set(uint64_t map) {
    map -= map >> 1 & 0x5555555555555555;
    map = (map & 0x3333333333333333) + (map >> 2 & 0x3333333333333333);
    map = (map + (map >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (uint32_t)(map * 0x0101010101010101 >> 56);
}

#endif
