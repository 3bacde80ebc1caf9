#include "large.h"

#include "arena.h"
#include "decay.h"
#include "large_cache.h"
#include "os.h"
#include "owner.h"
#include "root.h"

#include <string.h>

/* Smaller mappings hold no whole huge page. */
#define HUGE_LEAST ((size_t)2 << 20)

static void give_back(struct mapping mapping) {
    os_unmap(mapping.at, mapping.bytes);
    root_count_alone(EVENT_LARGE_UNMAPPED, 1);
}

/* Grows a cached mapping to `bytes`; at == NULL if the OS refused. */
static struct mapping grow(struct mapping mapping, size_t bytes) {
    char *grown = os_remap(mapping.at, mapping.bytes, bytes, true);
    if (grown != NULL)
        return (struct mapping){grown, bytes};
    give_back(mapping);
    return (struct mapping){NULL, 0};
}

/* A cached mapping brought to `bytes`; at == NULL: none. Only what is beyond `old` is new. What
 * is left over stays in the cache: it can be grown again by remapping. */
static struct mapping reuse(size_t bytes, size_t *old) {
    struct mapping out = {NULL, 0};
    arena_lock();
    struct mapping mapping = cache_take(bytes);
    if (mapping.bytes > bytes + bytes / 4) {
        out = cache_put((struct mapping){mapping.at + bytes, mapping.bytes - bytes});
        mapping.bytes = bytes;
    }
    *old = mapping.bytes;
    decay_reuse(mapping.bytes);
    if (out.at != NULL)
        decay_gave_back(out.bytes);
    if (mapping.at != NULL && mapping.bytes < bytes)
        decay_fresh(bytes - mapping.bytes);
    arena_unlock();
    if (out.at != NULL)
        give_back(out);
    if (mapping.at == NULL)
        return mapping;
    root_count_alone(EVENT_LARGE_REUSED, 1);
    return mapping.bytes < bytes ? grow(mapping, bytes) : mapping;
}

static struct mapping map(size_t bytes, size_t align) {
    struct mapping mapping = {NULL, bytes};
    mapping.at = align > OS_PAGE ? os_map_aligned(align, bytes) : os_map(NULL, bytes);
    if (mapping.at == NULL)
        return mapping;
    arena_lock();
    decay_fresh(bytes);
    bool huge = bytes >= HUGE_LEAST && decay_huge(bytes);
    arena_unlock();
    if (huge)
        os_huge(mapping.at, bytes);
    root_count_alone(EVENT_LARGE_MAPPED, 1);
    return mapping;
}

static void link_record(struct pool *record) {
    record->prev = NULL;
    record->next = libpool_root.large_first;
    if (record->next != NULL)
        record->next->prev = record;
    libpool_root.large_first = record;
}

static void unlink_record(struct pool *record) {
    if (record->next != NULL)
        record->next->prev = record->prev;
    if (record->prev != NULL)
        record->prev->next = record->next;
    else
        libpool_root.large_first = record->next;
}

static void count_large(const struct pool *record, int64_t sign) {
    struct rows_large *rows = &libpool_root.large;
    rows->blocks += (uint64_t)sign;
    rows->bytes += (uint64_t)sign * record->map_bytes;
    rows->asked += (uint64_t)sign * record->run_bytes;
    if (rows->bytes > rows->peak_bytes)
        rows->peak_bytes = rows->bytes;
    decay_live(sign * (int64_t)record->map_bytes);
}

/* Makes the mapping a live block; false when its record is another's. */
static bool enter(struct mapping mapping, size_t size) {
    struct pool *record = owner_record(mapping.at);
    arena_lock();
    bool possible = owner_started() || owner_start();
    record = owner_record(mapping.at);
    possible = possible && record->state == POOL_NONE && record->arena == NULL;
    if (possible) {
        record->bound = 0;
        record->base = mapping.at;
        record->map_bytes = mapping.bytes;
        record->run_bytes = size;
        record->run_pools = 1;
        record->resting = 0;
        link_record(record);
        count_large(record, 1);
        record->state = POOL_LARGE;
    }
    arena_unlock();
    return possible;
}

static struct mapping leave(struct pool *record) {
    struct mapping mapping = {record->base, record->map_bytes};
    count_large(record, -1);
    unlink_record(record);
    record->state = POOL_NONE;
    return mapping;
}

/* Tries places until one has its record to itself: almost always the first. Others are longer by
 * what separates records, or neighbouring mappings of one length might all meet taken records. */
static struct mapping place(struct mapping mapping, size_t size, size_t align) {
    struct mapping held[64];
    int tries = 0;
    while (mapping.at != NULL && !enter(mapping, size)) {
        held[tries++] = mapping;
        mapping = tries == 64 ? (struct mapping){NULL, 0} : map(mapping.bytes + POOL_BYTES, align);
    }
    while (tries > 0)
        give_back(held[--tries]);
    return mapping;
}

/* Moves a mapping that met a taken record, by `shift` more than its length; false: not now. */
static bool move_away(struct mapping *mapping, size_t shift) {
    char *next = os_map(NULL, mapping->bytes + shift);
    if (next == NULL)
        return false;
    bool there = os_remap_to(mapping->at, mapping->bytes, next) != NULL;
    os_unmap(there ? next + mapping->bytes : next, there ? shift : mapping->bytes + shift);
    if (there)
        mapping->at = next;
    return there;
}

void *large_alloc(size_t size, size_t align, bool clear) {
    size_t bytes = os_round(size), old = 0;
    if (bytes < size || bytes > PTRDIFF_MAX)
        return NULL;
    struct mapping mapping = {NULL, 0};
    if (align == OS_PAGE)
        mapping = reuse(bytes, &old);
    if (mapping.at == NULL) {
        old = 0;
        mapping = map(bytes, align);
    }
    char *reused = mapping.at;
    mapping = place(mapping, size, align);
    if (clear && old > 0 && mapping.at == reused && mapping.at != NULL)
        memset(mapping.at, 0, old < size ? old : size);
    return mapping.at;
}

/* Removes the oldest cached mapping if more is kept than `keep` in all, or more than `most` in the
 * cache; at == NULL: no need. */
static struct mapping surplus(uint64_t keep, uint64_t most) {
    struct mapping mapping = {NULL, 0};
    arena_lock();
    uint64_t cached = libpool_root.large.cached_bytes;
    if (cached > keep || cached > most)
        mapping = cache_oldest();
    if (mapping.at != NULL)
        decay_gave_back(mapping.bytes);
    arena_unlock();
    return mapping;
}

static bool purge(uint64_t keep, uint64_t most) {
    bool any = false;
    struct mapping mapping;
    while ((mapping = surplus(keep, most)).at != NULL) {
        give_back(mapping);
        any = true;
    }
    return any;
}

bool large_purge(uint64_t keep) {
    return purge(keep, UINT64_MAX);
}

/* Whatever the allowance: mappings fit other requests less well than pools do, and past a quarter
 * of the live ones more of them hardly saves faults. The one just freed may stay, so that a
 * program with one large block which comes and goes keeps it. */
static uint64_t most_cached(size_t freed) {
    uint64_t share = libpool_root.large.bytes / 4;
    return freed > share ? freed : share;
}

void large_free(struct pool *record) {
    arena_lock();
    struct mapping mapping = leave(record);
    decay_keep(mapping.bytes);
    struct mapping out = cache_put(mapping);
    if (out.at != NULL)
        decay_gave_back(out.bytes);
    uint64_t allowed = decay_allowed(), most = most_cached(mapping.bytes);
    arena_unlock();
    if (out.at != NULL)
        give_back(out);
    purge(allowed, most);
}

const void *large_holding(const void *p, size_t *bytes) {
    arena_lock();
    const struct pool *record = libpool_root.large_first;
    while (record != NULL && (uintptr_t)p - (uintptr_t)record->base >= record->map_bytes)
        record = record->next;
    const void *start = record != NULL ? record->base : NULL;
    *bytes = record != NULL ? record->map_bytes : 0;
    arena_unlock();
    return start;
}

void large_keep_length(struct pool *record, size_t size) {
    arena_lock();
    libpool_root.large.asked += size - record->run_bytes;
    record->run_bytes = size;
    arena_unlock();
}

void *large_resize(struct pool *record, size_t size) {
    size_t bytes = os_round(size), old = record->map_bytes;
    if (bytes < size || bytes > PTRDIFF_MAX || size <= RUN_MAX)
        return NULL;
    if (bytes <= old && bytes >= old - old / 4) {
        large_keep_length(record, size);
        return record->base;
    }
    size_t asked = record->run_bytes;
    arena_lock();
    struct mapping mapping = leave(record);
    arena_unlock();
    char *to = os_remap(mapping.at, old, bytes, true);
    bool moved = to != NULL;
    if (moved)
        mapping = (struct mapping){to, bytes};
    for (size_t shift = POOL_BYTES; !enter(mapping, moved ? size : asked); shift += POOL_BYTES)
        move_away(&mapping, shift);
    if (!moved)
        return NULL;
    root_count_alone(EVENT_LARGE_REMAPPED, 1);
    return mapping.at;
}
