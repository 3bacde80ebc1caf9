#include "mapping.h"

#include "arena.h"
#include "decay.h"
#include "os.h"
#include "root.h"

/* Smaller mappings hold no whole huge page. */
#define HUGE_LEAST ((size_t)2 << 20)

/* What is left over of a mapping stays with the block if it is shorter than this. */
#define SCRAP ((size_t)64 << 10)

void mapping_unmap(struct mapping mapping) {
    os_unmap(mapping.at, mapping.bytes);
    root_count_alone(EVENT_LARGE_UNMAPPED, 1);
}

/* Keeps what is free; what has no place in the cache, for the caller to unmap. */
static struct mapping keep(struct mapping mapping) {
    struct mapping out = cache_put(mapping);
    if (out.at != NULL)
        decay_gave_back(out.bytes);
    return out;
}

/* Takes a cached mapping for `bytes`, or one to be grown. What is left over stays in the cache:
 * there is room for it. at == NULL: none. */
static struct mapping take_cached(size_t bytes) {
    arena_lock();
    struct mapping mapping = cache_take(bytes);
    if (mapping.bytes >= bytes + SCRAP) {
        cache_put((struct mapping){mapping.at + bytes, mapping.bytes - bytes});
        mapping.bytes = bytes;
    }
    decay_reuse(mapping.bytes);
    arena_unlock();
    return mapping;
}

/* Grows a mapping that was cached to `bytes`. Where the kernel refuses, it may be several mappings
 * in its eyes: it goes back to the cache. at == NULL then. */
static struct mapping grow(struct mapping mapping, size_t bytes) {
    char *grown = os_remap(mapping.at, mapping.bytes, bytes, true);
    struct mapping out = {NULL, 0};
    arena_lock();
    if (grown != NULL) {
        decay_fresh(bytes - mapping.bytes);
    } else {
        decay_keep(mapping.bytes);
        out = keep(mapping);
    }
    arena_unlock();
    if (out.at != NULL)
        mapping_unmap(out);
    return (struct mapping){grown, bytes};
}

struct mapping mapping_reuse(size_t bytes, size_t *old) {
    struct mapping mapping = take_cached(bytes);
    size_t had = mapping.bytes;
    if (mapping.at != NULL && mapping.bytes < bytes)
        mapping = grow(mapping, bytes);
    *old = mapping.at != NULL ? had : 0;
    if (mapping.at != NULL)
        root_count_alone(EVENT_LARGE_REUSED, 1);
    return mapping;
}

/* The first touch tells whether they are quick here. */
static void ask_for_huge(struct mapping mapping) {
    size_t before = -(uintptr_t)mapping.at & (HUGE_LEAST - 1);
    os_huge(mapping.at, mapping.bytes);
    if (mapping.bytes < before + HUGE_LEAST)
        return;
    uint64_t start = os_now_ns();
    *(volatile char *)(mapping.at + before) = 0;
    uint64_t took = os_now_ns() - start;
    arena_lock();
    decay_huge_took(took);
    arena_unlock();
}

struct mapping mapping_new(size_t bytes, size_t align) {
    struct mapping mapping = {NULL, bytes};
    mapping.at = align > OS_PAGE ? os_map_aligned(align, bytes) : os_map(NULL, bytes);
    if (mapping.at == NULL)
        return mapping;
    arena_lock();
    decay_fresh(bytes);
    bool huge = bytes >= HUGE_LEAST && decay_huge(bytes);
    arena_unlock();
    if (huge)
        ask_for_huge(mapping);
    root_count_alone(EVENT_LARGE_MAPPED, 1);
    return mapping;
}

/* Purging in steps keeps the number of calls small. */
#define PURGE_STEP ((size_t)1 << 20)

/* Removes of the oldest what is kept beyond `most`, about; at == NULL: no need. */
static struct mapping surplus(uint64_t most) {
    struct mapping mapping = {NULL, 0};
    arena_lock();
    uint64_t cached = libpool_root.large.cached_bytes;
    if (cached > most)
        mapping = cache_oldest(os_round(cached - most) + PURGE_STEP);
    if (mapping.at != NULL)
        decay_gave_back(mapping.bytes);
    arena_unlock();
    return mapping;
}

bool mapping_purge(uint64_t most) {
    bool any = false;
    struct mapping mapping;
    while ((mapping = surplus(most)).at != NULL) {
        mapping_unmap(mapping);
        any = true;
    }
    return any;
}

void mapping_keep(struct mapping mapping) {
    arena_lock();
    decay_keep(mapping.bytes);
    struct mapping out = keep(mapping);
    uint64_t allowed = decay_allowed();
    arena_unlock();
    if (out.at != NULL)
        mapping_unmap(out);
    mapping_purge(allowed);
}
