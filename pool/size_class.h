/* request -> size class -> block size, and what a pool of the class holds.
 *
 * Up to 512 bytes classes are 16 bytes apart, up to 1 KiB 32: there odd classes have no pools of
 * their own. Above, a class is the largest multiple of 16 of which n
 * fit a pool, for chosen n: no pool has a tail, and neighbours are 4-12 % apart up to 4 KiB.
 * Above 4 KiB steps are coarser, but there the end of a block lies in memory pages of its own,
 * which stay untouched when the request does not reach them.
 */
#ifndef POOL_SIZE_CLASS_H
#define POOL_SIZE_CLASS_H

#include "types.h"

#define PAIRED_ABOVE 32 /* classes above, up to 64, come in pairs: the even one has the pools */

#define CLASS_TABLE_MAX ((size_t)64 << 10)

extern const uint8_t class_by_units[CLASS_TABLE_MAX / MIN_ALIGN + 1]; /* above PAIRED_ABOVE */
extern const uint16_t class_coarse_size[];  /* of class FINE_CLASSES + i, bytes */
extern const uint16_t class_coarse_bound[]; /* class_bound of all its pool's blocks */

extern const uint32_t class_coarse_starts[]; /* class_coarse_bit of each of its blocks */

/* Blocks of the coarse classes are longer than 1 KiB: of each KiB of a pool at most one
 * starts. Its number, to be taken modulo 32. */
static inline uint32_t class_coarse_number(const void *block) {
    return (uint32_t)((uintptr_t)block / FINE_MAX);
}

static inline uint32_t class_coarse_bit(const void *block) {
    return (uint32_t)1 << class_coarse_number(block) % 32;
}

/* Number of classes, class 0 included. */
extern const uint32_t class_count;

/* The class for `size` bytes, or what runs have instead; size <= CLASS_TABLE_MAX. */
static inline uint32_t class_of(size_t size) {
    uint32_t units = (uint32_t)(size + MIN_ALIGN - 1) / MIN_ALIGN;
    if (units <= PAIRED_ABOVE)
        return units == 0 ? 1 : units;
    return class_by_units[units];
}

/* Pools of a run for `size` bytes. */
static inline uint32_t class_pools(size_t size) {
    return (uint32_t)((size + POOL_BYTES - 1) >> POOL_SHIFT);
}

/* The same of a run, of any length. */
static inline uint32_t class_of_run(size_t size) {
    return RUN_CLASS - 1 + class_pools(size);
}

/* The class that has the pools, if the class has any of its own. */
static inline uint32_t class_own(uint32_t size_class) {
    bool paired = size_class > PAIRED_ABOVE && size_class < FINE_CLASSES;
    return paired ? (size_class + 1) & ~1u : size_class;
}

/* Bytes of a block of the class. */
static inline uint32_t class_size(uint32_t size_class) {
    if (size_class < FINE_CLASSES)
        return size_class * MIN_ALIGN;
    return class_coarse_size[size_class - FINE_CLASSES];
}

/* Classes come in groups, about two to a doubling, with `group_end` the largest of each. A heap
 * serves a class from the pools of its group's end until the class has proved to be wanted:
 * otherwise a program that uses every size a little would touch memory for each. */
static inline uint32_t group_end(uint32_t size_class) {
    if (size_class <= 4)
        return size_class;
    if (size_class < FINE_CLASSES) {
        uint32_t step = 1u << (30 - __builtin_clz(size_class - 1));
        return (size_class + step - 1) & ~(step - 1);
    }
    static const uint8_t end[] = {7, 12, 17, 20};
    for (uint32_t i = 0; i < sizeof end; i++)
        if (size_class - FINE_CLASSES <= end[i])
            return FINE_CLASSES + end[i];
    return size_class;
}

/* How many classes, this one and the next smaller, may be served by this one's pools. */
static inline uint32_t group_reach(uint32_t size_class) {
    static const uint8_t reach[] = {[7] = 8, [12] = 5, [17] = 5, [20] = 3};
    if (size_class >= FINE_CLASSES) {
        uint32_t i = size_class - FINE_CLASSES;
        return i < sizeof reach && reach[i] != 0 ? reach[i] : 1;
    }
    if (size_class <= 4)
        return 1;
    /* Below its end a group's classes serve themselves, or pairs. */
    return size_class == group_end(size_class) ? 1u << (30 - __builtin_clz(size_class - 1)) : 2;
}

/* Is an offset a block's start? With mult = floor(2^64 / size) + 1 and e = size * mult - 2^64
 * (so 0 < e <= size), offset = q * size + r gives offset * mult = q * e + r * mult (mod 2^64).
 * For r = 0 that is q * e; for r > 0 and |offset| < 2^48 it is at least mult - 2^48 > 4096 * e.
 * So offset * mult < n * e exactly for the starts of the first n blocks: one multiplication and
 * one comparison refuse interior pointers, pointers to other pools and to uncarved memory.
 * (After D. Lemire, O. Kaser, N. Kurz, "Faster remainder by direct computation", 2019.) */
#define CLASS_MULT(size) (UINT64_MAX / (size) + 1 + (((size) & ((size)-1)) == 0))

static inline uint64_t class_mult(uint32_t block_size) {
    return CLASS_MULT(block_size);
}

static inline uint64_t class_bound(uint32_t block_size, uint64_t mult, uint32_t blocks) {
    return blocks * (block_size * mult);
}

#endif
