/* Sets of an arena's pools: bit i is pool i. */
#ifndef POOL_POOL_MAP_H
#define POOL_POOL_MAP_H

#include "types.h"

/* Without the instruction, which not every x86-64 has, __builtin_popcountll is a call. */
static inline uint32_t bits_set(uint64_t map) {
    map -= map >> 1 & 0x5555555555555555;
    map = (map & 0x3333333333333333) + (map >> 2 & 0x3333333333333333);
    map = (map + (map >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (uint32_t)(map * 0x0101010101010101 >> 56);
}

/* Pools first .. first+count-1. */
static inline uint64_t mask_of(uint32_t first, uint32_t count) {
    return (count == ARENA_POOLS ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1) << first;
}

/* How many there are side by side from `first` on. */
static inline uint32_t ones_from(uint64_t map, uint32_t first) {
    uint64_t rest = ~(map >> first);
    return rest == 0 ? ARENA_POOLS - first : (uint32_t)__builtin_ctzll(rest);
}

/* The first ones that lie side by side; `map` is not empty. */
static inline uint64_t first_stretch(uint64_t map) {
    uint32_t first = (uint32_t)__builtin_ctzll(map);
    return mask_of(first, ones_from(map, first));
}

/* Bits i such that i .. i+count-1 are all set. */
static inline uint64_t runs_of(uint64_t map, uint32_t count) {
    uint32_t have = 1;
    while (have < count) {
        uint32_t step = have < count - have ? have : count - have;
        map &= map >> step;
        have += step;
    }
    return map;
}

static inline uint64_t bytes_of(uint64_t map) {
    return (uint64_t)bits_set(map) << POOL_SHIFT;
}

#endif
