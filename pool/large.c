#include "large.h"

#include "arena.h"
#include "decay.h"
#include "list.h"
#include "mapping.h"
#include "os.h"
#include "owner.h"
#include "region.h"
#include "root.h"

#include <string.h>

static void count_large(const struct pool *record, int64_t sign) {
    struct rows_large *rows = &libpool_root.large;
    rows->blocks += (uint64_t)sign;
    rows->bytes += (uint64_t)sign * record->map_bytes;
    rows->asked += (uint64_t)sign * record->large_asked;
    if (rows->bytes > rows->peak_bytes)
        rows->peak_bytes = rows->bytes;
    decay_live(sign * (int64_t)record->map_bytes);
}

/* Makes the extent a live block; its record is nobody's. */
static void enter(struct extent *extent, size_t size) {
    struct pool *record = owner_record(extent->at);
    record->bound = 0;
    record->base = extent->at;
    record->extent = extent;
    record->map_bytes = extent->bytes;
    record->large_asked = size;
    record->run_pools = 1;
    record->resting = 0;
    list_prepend(&libpool_root.large_blocks, record);
    count_large(record, 1);
    record->state = POOL_LARGE;
}

static struct extent *leave(struct pool *record) {
    struct extent *extent = record->extent;
    count_large(record, -1);
    list_remove(&libpool_root.large_blocks, record);
    record->extent = NULL;
    record->state = POOL_NONE;
    return extent;
}

/* The block stays where it is and has another length. */
static void change_length(struct pool *record, size_t size) {
    count_large(record, -1);
    record->large_asked = size;
    record->map_bytes = record->extent->bytes;
    count_large(record, 1);
}

static struct extent *take(size_t bytes, size_t size, size_t align, enum mapping_use use,
                           struct mapping_dirt *dirt) {
    arena_lock();
    struct extent *extent = mapping_take(bytes, align, use, dirt);
    if (extent != NULL)
        enter(extent, size);
    arena_unlock();
    return extent;
}

/* Nobody knows what is mapped there: nothing lies there any more. */
static void *lose(const struct extent *extent) {
    arena_lock();
    leave(owner_record(extent->at));
    arena_unlock();
    return NULL;
}

void *large_alloc(size_t size, size_t align, bool clear) {
    size_t bytes = os_round(size);
    if (bytes < size || bytes > PTRDIFF_MAX)
        return NULL;
    struct mapping_dirt dirt;
    struct extent *extent = take(bytes, size, align, MAPPING_NEW, &dirt);
    /* What moves from now on is refused, not lost: not many rounds. */
    while (extent != NULL && dirt.donor != NULL && !mapping_fill(extent, &dirt)) {
        lose(extent);
        extent = take(bytes, size, align, MAPPING_NEW, &dirt);
    }
    if (extent == NULL)
        return NULL;
    if (dirt.bytes == 0)
        mapping_ask_for_huge(extent);
    if (clear && dirt.bytes > 0)
        memset(dirt.at, 0, dirt.bytes);
    return extent->at;
}

/* `emptied`: nothing is resident there any more. */
static void release(struct pool *record, bool emptied) {
    arena_lock();
    if (emptied)
        mapping_emptied(leave(record));
    else
        mapping_keep(leave(record));
    arena_unlock();
    mapping_limit();
}

void large_free(struct pool *record) {
    release(record, false);
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
    libpool_root.large.asked += size - record->large_asked;
    record->large_asked = size;
    arena_unlock();
}

/* The rest is kept like a block that was freed. */
static void shorten(struct pool *record, size_t size, size_t bytes) {
    arena_lock();
    mapping_cut(record->extent, bytes);
    change_length(record, size);
    arena_unlock();
    mapping_limit();
}

/* What grows tends to grow on: a quarter more spares most of the moves, and is not touched. */
static size_t with_room(size_t bytes) {
    size_t more = os_round(bytes + bytes / 4);
    return more > bytes && more <= PTRDIFF_MAX ? more : bytes;
}

/* In place, into what is free behind the block. */
static bool extend(struct pool *record, size_t size, size_t bytes) {
    struct extent *extent = record->extent;
    size_t old = extent->bytes;
    arena_lock();
    size_t more = mapping_extend(extent, bytes - old, with_room(bytes) - old);
    bool huge = extent->huge;
    if (more > 0)
        change_length(record, size);
    arena_unlock();
    if (more > 0 && huge)
        os_huge(extent->at + old, more);
    return more > 0;
}

/* Up to here copying into warm memory takes no longer than moving to where the rest is touched for
 * the first time. */
#define COPY_MOST ((size_t)8 << 20)

static struct extent *new_place(size_t old, size_t bytes, size_t size, bool *warm) {
    struct mapping_dirt dirt;
    struct extent *to = NULL;
    *warm = old <= COPY_MOST;
    if (*warm)
        to = take(with_room(bytes), size, OS_PAGE, MAPPING_COPY, &dirt);
    if (to != NULL)
        return to;
    *warm = false;
    to = take(with_room(bytes), size, OS_PAGE, MAPPING_MOVE, &dirt);
    if (to == NULL)
        to = take(bytes, size, OS_PAGE, MAPPING_MOVE, &dirt);
    if (to == NULL && mapping_purge(0))
        to = take(bytes, size, OS_PAGE, MAPPING_MOVE, &dirt);
    return to;
}

static void *move(struct pool *record, size_t size, size_t bytes) {
    struct extent *from = record->extent;
    bool warm;
    struct extent *to = new_place(from->bytes, bytes, size, &warm);
    if (to == NULL)
        return NULL;
    enum os_move moved = warm ? OS_MOVE_REFUSED : mapping_move(from, to);
    if (moved == OS_MOVE_LOST)
        return lose(to);
    /* All that was usable, not only what was asked for. */
    if (moved == OS_MOVE_REFUSED)
        memcpy(to->at, from->at, from->bytes);
    release(record, moved == OS_MOVED);
    root_count_alone(EVENT_LARGE_REMAPPED, 1);
    return to->at;
}

/* Moves what met a taken record, by `shift` more than its length. */
static char *move_away(char *at, size_t bytes, size_t shift) {
    char *next = os_map(NULL, bytes + shift);
    if (next == NULL)
        return at;
    bool there = os_remap_to(at, bytes, next) != NULL;
    os_unmap(there ? next + bytes : next, there ? shift : bytes + shift);
    return there ? next : at;
}

/* The extent lies at `at` now and is the block again; false: the record there is another's. */
static bool settle(struct extent *extent, size_t size, char *at, size_t bytes) {
    arena_lock();
    bool possible = extent_may_start(at) && owner_open(owner_record(at));
    if (possible) {
        region_moved(extent, at, bytes);
        enter(extent, size);
    }
    arena_unlock();
    return possible;
}

/* Where address space is short: on in the room that it took along. NULL: not there either. */
static char *slide(struct extent *extent, size_t size, char *at, size_t bytes, size_t more) {
    size_t old = extent->bytes;
    for (size_t shift = POOL_BYTES; shift <= more - bytes; shift += POOL_BYTES)
        if (settle(extent, size, at + shift, more - shift)) {
            memmove(at + shift, at, old);
            os_unmap(at, shift);
            return at + shift;
        }
    return NULL;
}

/* Where memory is too short for the record there, what the block took along pays for it. */
static void open_record(char *at, size_t bytes, size_t *more) {
    arena_lock();
    bool open = owner_open(owner_record(at));
    arena_unlock();
    if (open)
        return;
    os_unmap(at + bytes, *more - bytes);
    *more = bytes;
}

/* A block that is alone in its region: the whole region grows, where to the kernel decides. */
static void *remap(struct pool *record, size_t size, size_t bytes) {
    struct extent *extent = record->extent;
    size_t more = with_room(bytes), least = bytes + OWNER_OPEN_LEAST;
    char *at = os_remap(extent->at, extent->bytes, more, true);
    if (at == NULL)
        at = os_remap(extent->at, extent->bytes, more = least, true);
    if (at == NULL && mapping_purge(0))
        at = os_remap(extent->at, extent->bytes, least, true);
    if (at == NULL)
        return NULL;
    open_record(at, bytes, &more);
    arena_lock();
    decay_fresh(more - extent->bytes);
    leave(record);
    arena_unlock();
    root_count_alone(EVENT_LARGE_REMAPPED, 1);
    for (size_t shift = POOL_BYTES; !settle(extent, size, at, more); shift += POOL_BYTES) {
        char *away = move_away(at, more, shift),
             *on = away == at ? slide(extent, size, at, bytes, more) : NULL;
        if (on != NULL)
            return on;
        at = away;
    }
    return at;
}

static void *lengthen(struct pool *record, size_t size, size_t bytes) {
    if (extend(record, size, bytes))
        return record->base;
    void *to = region_alone(record->extent) ? remap(record, size, bytes) : NULL;
    return to != NULL ? to : move(record, size, bytes);
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
