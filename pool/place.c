/* Whose pointer is this? Answered from the records alone. */
#include "big.h"
#include "block_list.h"
#include "free.h"
#include "large.h"
#include "pool.h"

static struct pool_place place_outside(const void *p) {
    struct pool_place place = {.kind = KIND_FOREIGN};
    size_t bytes;
    const void *start = large_holding(p, &bytes);
    if (start != NULL)
        return (struct pool_place){start == p ? KIND_LARGE : KIND_INTERIOR, start, bytes, false};
    const struct arena *arena = owner_record(p)->arena;
    if (arena != NULL && (uintptr_t)p - (uintptr_t)arena->base < ARENA_BYTES)
        place.kind = KIND_FREED;
    return place;
}

static RACY struct pool_place place_in_pool(const struct pool *pool, const void *p) {
    uint32_t offset = (uint32_t)((const char *)p - pool->base);
    uint32_t index = offset / pool->block_size, start = index * pool->block_size;
    struct pool_place place = {KIND_INTERIOR, pool->base + start, pool->block_size, false};
    if (index >= pool->carved)
        return (struct pool_place){.kind = KIND_INTERIOR};
    if (start == offset)
        place.kind = KIND_BLOCK;
    place.free =
        pool_coarse(pool) ? !free_live(pool, place.start) : block_list_has(pool, place.start);
    return place;
}

struct pool_place pool_place(const void *p) {
    const struct pool *pool = owner_pool(p);
    if (pool == NULL)
        return place_outside(p);
    if (pool_of_class(pool))
        return place_in_pool(pool, p);
    enum pool_kind kind = pool->state == POOL_LARGE ? KIND_LARGE : KIND_RUN;
    return (struct pool_place){pool->base == p ? kind : KIND_INTERIOR, pool->base, big_bytes(pool),
                               !big_in_use(pool)};
}

enum pool_kind pool_classify(const void *p) {
    return pool_place(p).kind;
}
