/* What a pool's record says of its blocks. Any thread may ask, also outside the process (rows.h).
 */
#ifndef POOL_RECORD_H
#define POOL_RECORD_H

#include "pool_map.h"
#include "types.h"

/* Of the two states USED and FULL its owner may be changing one into the other. */
static inline RACY bool pool_of_class(const struct pool *pool) {
    return pool->state < POOL_RUN;
}

static inline RACY bool pool_coarse(const struct pool *pool) {
    return pool->size_class >= FINE_CLASSES;
}

/* Which of the coarse classes. */
static inline RACY size_t coarse_index(const struct pool *pool) {
    return pool->size_class - (size_t)FINE_CLASSES;
}

/* In use, or in the mail. */
static inline RACY uint32_t pool_used(const struct pool *pool) {
    if (pool_coarse(pool))
        return bits_set(pool->held & ~HELD_RESTING);
    return (uint16_t)((pool->top >> 16) + 1 - pool->resting);
}

/* Cut and not in use. */
static inline uint32_t pool_free_blocks(const struct pool *pool) {
    return pool->carved - pool_used(pool);
}

/* Of a coarse class pool.mail has bits as pool.held; else it is
 * last link << 32 | count << 16 | first link. */
#define MAIL_ONE ((uint64_t)1 << 16)

static inline uint32_t mail_count(uint64_t mail) {
    return (uint16_t)(mail >> 16);
}

static inline RACY uint32_t pool_mail(const struct pool *pool) {
    uint64_t mail = atomic_load_explicit(&pool->mail, memory_order_acquire);
    return pool_coarse(pool) ? bits_set(mail) : mail_count(mail);
}

static inline RACY uint32_t pool_mail_bits(const struct pool *pool) {
    return (uint32_t)atomic_load_explicit(&pool->mail, memory_order_relaxed);
}

/* Of a coarse class: the blocks in use that nobody has freed. */
static inline RACY uint32_t pool_given(const struct pool *pool) {
    return pool->held & ~pool_mail_bits(pool);
}

#endif
