#include "large.h"

#include "arena.h"
#include "decay.h"
#include "list.h"
#include "mapping.h"
#include "os.h"
#include "owner.h"
#include "root.h"

#include <string.h>

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
    arena_lock();
    bool possible = owner_started() || owner_start();
    struct pool *record = owner_record(mapping.at);
    possible = possible && record->state == POOL_NONE && record->arena == NULL;
    if (possible) {
        record->bound = 0;
        record->base = mapping.at;
        record->map_bytes = mapping.bytes;
        record->run_bytes = size;
        record->run_pools = 1;
        record->resting = 0;
        list_prepend(&libpool_root.large_blocks, record);
        count_large(record, 1);
        record->state = POOL_LARGE;
    }
    arena_unlock();
    return possible;
}

static struct mapping leave(struct pool *record) {
    struct mapping mapping = {record->base, record->map_bytes};
    count_large(record, -1);
    list_remove(&libpool_root.large_blocks, record);
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
        mapping = tries == 64 ? (struct mapping){NULL, 0}
                              : mapping_new(mapping.bytes + POOL_BYTES, align);
    }
    while (tries > 0)
        mapping_unmap(held[--tries]);
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
        mapping = mapping_reuse(bytes, &old);
    if (mapping.at == NULL)
        mapping = mapping_new(bytes, align);
    char *reused = mapping.at;
    mapping = place(mapping, size, align);
    if (clear && old > 0 && mapping.at == reused && mapping.at != NULL)
        memset(mapping.at, 0, old < size ? old : size);
    return mapping.at;
}

void large_free(struct pool *record) {
    arena_lock();
    struct mapping mapping = leave(record);
    arena_unlock();
    mapping_keep(mapping);
}

bool large_purge(uint64_t keep) {
    return mapping_purge(keep);
}

const void *large_holding(const void *p, size_t *bytes) {
    arena_lock();
    const struct pool *record = libpool_root.large_blocks.first;
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

/* The rest is kept like a mapping that was freed. */
static void shorten(struct pool *record, size_t size, size_t bytes) {
    struct mapping rest = {record->base + bytes, record->map_bytes - bytes};
    arena_lock();
    count_large(record, -1);
    record->run_bytes = size;
    record->map_bytes = bytes;
    count_large(record, 1);
    arena_unlock();
    mapping_keep(rest);
}

/* Where the kernel refuses to remap: the block may lie in several mappings, see cache_put. */
static char *copy(struct pool *record, size_t size) {
    char *to = large_alloc(size, OS_PAGE, false);
    if (to == NULL)
        return NULL;
    /* All that was usable, not only what was asked for. */
    memcpy(to, record->base, record->map_bytes);
    large_free(record);
    return to;
}

/* What grows tends to grow on: an eighth more spares most of the calls, and is not touched. */
static size_t with_room(size_t bytes) {
    size_t more = os_round(bytes + bytes / 8);
    return more > bytes && more <= PTRDIFF_MAX ? more : bytes;
}

/* Where memory is short: without room, and without what is cached. */
static struct mapping remap(const struct pool *record, size_t bytes) {
    size_t more = with_room(bytes), old = record->map_bytes;
    char *at = os_remap(record->base, old, more, true);
    if (at != NULL)
        return (struct mapping){at, more};
    at = os_remap(record->base, old, bytes, true);
    if (at == NULL && mapping_purge(0))
        at = os_remap(record->base, old, bytes, true);
    return (struct mapping){at, bytes};
}

/* The record stays taken until the mapping has moved: nobody else starts in its place. */
static char *lengthen(struct pool *record, size_t size, size_t bytes) {
    struct mapping mapping = remap(record, bytes);
    if (mapping.at == NULL)
        return copy(record, size);
    arena_lock();
    decay_fresh(mapping.bytes - record->map_bytes);
    leave(record);
    arena_unlock();
    for (size_t shift = POOL_BYTES; !enter(mapping, size); shift += POOL_BYTES)
        move_away(&mapping, shift);
    root_count_alone(EVENT_LARGE_REMAPPED, 1);
    return mapping.at;
}

void *large_resize(struct pool *record, size_t size) {
    size_t bytes = os_round(size), old = record->map_bytes;
    if (bytes < size || bytes > PTRDIFF_MAX || size <= RUN_MAX)
        return NULL;
    if (bytes > old)
        return lengthen(record, size, bytes);
    if (bytes >= old - old / 4)
        large_keep_length(record, size);
    else
        shorten(record, size, bytes);
    return record->base;
}
