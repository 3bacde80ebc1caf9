#include "large_cache.h"

#include "root.h"

struct mapping large_cache[CACHE_MAX]; /* oldest first */

static struct mapping take_at(uint32_t i) {
    struct mapping mapping = large_cache[i];
    for (libpool_root.large.cached--; i < libpool_root.large.cached; i++)
        large_cache[i] = large_cache[i + 1];
    libpool_root.large.cached_bytes -= mapping.bytes;
    return mapping;
}

struct mapping cache_take(size_t bytes) {
    uint32_t above = CACHE_MAX, below = CACHE_MAX;
    for (uint32_t i = (uint32_t)libpool_root.large.cached; i-- > 0;) {
        size_t have = large_cache[i].bytes;
        if (have >= bytes && (above == CACHE_MAX || have < large_cache[above].bytes))
            above = i;
        if (have < bytes && have >= bytes / 8 &&
            (below == CACHE_MAX || have > large_cache[below].bytes))
            below = i;
    }
    if (above != CACHE_MAX)
        return take_at(above);
    if (below != CACHE_MAX)
        return take_at(below);
    return (struct mapping){NULL, 0};
}

/* Joins the mapping with what lies right before and behind it. */
static struct mapping join(struct mapping mapping) {
    for (uint32_t i = (uint32_t)libpool_root.large.cached; i-- > 0;) {
        const struct mapping *each = &large_cache[i];
        bool before = each->at + each->bytes == mapping.at;
        if (!before && mapping.at + mapping.bytes != each->at)
            continue;
        struct mapping other = take_at(i);
        mapping.at = before ? other.at : mapping.at;
        mapping.bytes += other.bytes;
    }
    return mapping;
}

struct mapping cache_put(struct mapping mapping) {
    struct mapping out = {NULL, 0};
    mapping = join(mapping);
    if (libpool_root.large.cached == CACHE_MAX)
        out = take_at(0);
    large_cache[libpool_root.large.cached++] = mapping;
    libpool_root.large.cached_bytes += mapping.bytes;
    return out;
}

struct mapping cache_oldest(size_t most) {
    if (libpool_root.large.cached == 0)
        return (struct mapping){NULL, 0};
    struct mapping *oldest = &large_cache[0], out = *oldest;
    if (oldest->bytes <= most)
        return take_at(0);
    out.bytes = most;
    oldest->at += most;
    oldest->bytes -= most;
    libpool_root.large.cached_bytes -= most;
    return out;
}
