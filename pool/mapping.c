#include "mapping.h"

#include "arena.h"
#include "decay.h"
#include "os.h"
#include "owner.h"
#include "region.h"
#include "root.h"

/* Smaller blocks hold no whole huge page. */
#define HUGE_LEAST ((size_t)2 << 20)

/* What is left over of warm memory stays with the block if it is shorter than this. */
#define SCRAP ((size_t)64 << 10)

/* A block is copied to where not more than such a part is touched for the first time. */
#define COPY_FRESH 4

/* Takes the first `bytes` of a free extent into use. What is beyond stays as it was, unless it is a
 * scrap of warm memory. */
static void take_piece(struct extent *piece, size_t bytes, struct mapping_dirt *dirt) {
    bool warm = piece->state == EXTENT_WARM;
    if (piece->bytes > bytes && (!warm || piece->bytes - bytes >= SCRAP))
        extent_split(piece, bytes);
    extent_use(piece);
    if (!warm)
        return;
    decay_reuse(piece->bytes);
    decay_mappings_change();
    if (dirt->bytes == 0)
        dirt->at = piece->at;
    dirt->bytes = (size_t)(piece->at + piece->bytes - dirt->at);
}

/* A used extent takes in what is free above it until it has `bytes`. */
static void take_in(struct extent *extent, size_t bytes, struct mapping_dirt *dirt) {
    while (extent->bytes < bytes) {
        take_piece(extent->upper, bytes - extent->bytes, dirt);
        extent_absorb(extent);
    }
}

/* Of `bytes` just taken, what was not kept had to come from the OS. `before` was kept before; how
 * much less it is now. */
static size_t count_taken(size_t bytes, size_t before) {
    size_t warm = before - libpool_root.large.cached_bytes;
    if (bytes > warm)
        decay_fresh(bytes - warm);
    return warm;
}

/* Where other records are in the way of a whole region more room than needed is asked for. */
static struct extent_place find_new(struct extent_wish wish) {
    struct extent_place place = {NULL, NULL};
    for (size_t spare = 0; place.extent == NULL && spare <= (size_t)64 << 20;
         spare = spare * 4 + ARENA_BYTES) {
        if (!region_make_room(wish.bytes + spare, wish.align))
            return place;
        place = extent_find_cold(wish, false);
    }
    return place;
}

/* In what is kept, as far as there is `least` of it in one place. */
static struct extent_place find_kept(struct extent_wish wish, size_t least) {
    struct extent_place place = extent_find_warm(wish);
    if (place.extent == NULL)
        place = extent_find_around(wish, least);
    if (place.extent == NULL && region_open_behind_warm(wish.bytes, least))
        place = extent_find_around(wish, least);
    return place;
}

static struct extent_place find(struct extent_wish wish, enum mapping_use use) {
    struct extent_place place = {NULL, NULL};
    if (use == MAPPING_COPY)
        return find_kept(wish, wish.bytes - wish.bytes / COPY_FRESH);
    if (use == MAPPING_NEW)
        place = find_kept(wish, wish.bytes / 8);
    if (place.extent == NULL)
        place = extent_find_cold(wish, use == MAPPING_MOVE);
    if (place.extent == NULL)
        place = find_new(wish);
    return place;
}

/* The kernel has a limit on the number of mappings, 65530 as a rule, and each extent that was moved
 * is a few: so many at most. */
#define MOVED_SHARE 4096

/* Shorter ones are touched anew as quickly as moved. */
#define MOVE_LEAST ((size_t)64 << 10)

/* The biggest warm extent, if it is an eighth of `bytes` at least. */
static struct extent *find_donor(size_t bytes) {
    struct extent *donor = NULL;
    size_t most = bytes / 8 > MOVE_LEAST ? bytes / 8 : MOVE_LEAST;
    for (struct extent *e = extent_oldest(); e != NULL; e = e->next) {
        if (e->bytes < most || e->bytes >= bytes)
            continue;
        donor = e;
        most = e->bytes;
    }
    return donor;
}

static void take_donor(struct extent *extent, struct mapping_dirt *dirt) {
    struct extent *donor = find_donor(extent->bytes);
    if (donor == NULL || donor->bytes < libpool_root.large.bytes / MOVED_SHARE)
        return;
    decay_reuse(donor->bytes);
    decay_mappings_change();
    extent_use(donor);
    dirt->donor = donor;
}

/* Makes one used extent of `bytes` from `at` on; up to three free ones lie there. */
static struct extent *claim(struct extent_place place, size_t bytes, enum mapping_use use,
                            struct mapping_dirt *dirt) {
    struct extent *first = place.extent;
    size_t before = (size_t)(place.at - first->at), kept = libpool_root.large.cached_bytes;
    if (before > 0)
        first = extent_split(first, before);
    take_piece(first, bytes, dirt);
    take_in(first, bytes, dirt);
    if (use == MAPPING_NEW && dirt->bytes == 0)
        take_donor(first, dirt);
    size_t warm = count_taken(first->bytes, kept);
    root_count(warm > 0 ? EVENT_LARGE_REUSED : EVENT_LARGE_MAPPED, 1);
    return first;
}

struct extent *mapping_take(size_t bytes, size_t align, enum mapping_use use,
                            struct mapping_dirt *dirt) {
    *dirt = (struct mapping_dirt){NULL, 0, NULL};
    if (!owner_started() && !owner_start())
        return NULL;
    struct extent_place place = find((struct extent_wish){bytes, align}, use);
    if (place.extent == NULL)
        return NULL;
    if (!extent_ready(2) || !owner_open(owner_record(place.at))) {
        region_trim(place.extent->region, false);
        return NULL;
    }
    return claim(place, bytes, use, dirt);
}

static size_t free_above(const struct extent *extent) {
    size_t bytes = 0;
    for (const struct extent *e = extent->upper; e != NULL && e->state != EXTENT_USED; e = e->upper)
        bytes += e->bytes;
    return bytes;
}

static bool at_end(const struct extent *extent) {
    while (extent->upper != NULL && extent->upper->state != EXTENT_USED)
        extent = extent->upper;
    return extent->upper == NULL;
}

size_t mapping_extend(struct extent *extent, size_t least, size_t most) {
    size_t have = free_above(extent), old = extent->bytes, kept = libpool_root.large.cached_bytes;
    struct mapping_dirt dirt = {NULL, 0, NULL};
    if (have < least && at_end(extent) && region_open(extent->region, least - have))
        have = free_above(extent);
    if (have < least || !extent_ready(1))
        return 0;
    take_in(extent, old + (most < have ? most : have), &dirt);
    count_taken(extent->bytes - old, kept);
    return extent->bytes - old;
}

void mapping_cut(struct extent *extent, size_t bytes) {
    if (extent->bytes > bytes && extent_ready(1))
        mapping_keep(extent_split(extent, bytes));
}

void mapping_keep(struct extent *extent) {
    decay_keep(extent->bytes);
    decay_mappings_change();
    extent_free(extent, EXTENT_WARM);
}

/* Or a huge page that a neighbour's block ends in would come to reach in there. (Each may be a
 * mapping to the kernel from then on: not the little ones.) */
static void stay_small(const struct extent *extent) {
    if (os_huge_unasked && extent->bytes >= libpool_root.large.bytes / MOVED_SHARE)
        os_small(extent->at, extent->bytes);
}

void mapping_emptied(struct extent *extent) {
    stay_small(extent);
    extent = extent_free(extent, EXTENT_COLD);
    region_trim(extent->region, false);
}

static bool may_move(const struct extent *extent) {
    arena_lock();
    bool may = extent->bytes >= libpool_root.large.bytes / MOVED_SHARE && extent->upper != NULL;
    arena_unlock();
    return may;
}

enum os_move mapping_move(struct extent *from, struct extent *to) {
    if (!may_move(from))
        return OS_MOVE_REFUSED;
    enum os_move result = os_move(from->at, from->bytes, to->at);
    if (result != OS_MOVED)
        return result;
    /* Mapped anew whatever it was: one mapping with its neighbours again, and emulators of other
     * processors take it for unmapped. */
    bool marked = !os_renew(from->at, from->bytes) && (from->huge || from->moved);
    arena_lock();
    to->moved = 1;
    to->huge |= from->huge;
    from->moved = from->huge = marked;
    arena_unlock();
    return result;
}

bool mapping_fill(struct extent *extent, struct mapping_dirt *dirt) {
    struct extent *donor = dirt->donor;
    enum os_move result = mapping_move(donor, extent);
    if (result == OS_MOVED) {
        dirt->at = extent->at;
        dirt->bytes = donor->bytes;
    }
    arena_lock();
    if (result == OS_MOVED)
        mapping_emptied(donor);
    else
        mapping_keep(donor);
    arena_unlock();
    return result != OS_MOVE_LOST;
}

/* The first touch tells whether they are quick here. */
void mapping_ask_for_huge(struct extent *extent) {
    size_t before = -(uintptr_t)extent->at & (HUGE_LEAST - 1);
    if (extent->bytes < HUGE_LEAST)
        return;
    arena_lock();
    bool huge = decay_huge(extent->bytes);
    extent->huge |= huge;
    arena_unlock();
    if (!huge)
        return;
    os_huge(extent->at, extent->bytes);
    if (extent->bytes < before + HUGE_LEAST)
        return;
    uint64_t start = os_now_ns();
    *(volatile char *)(extent->at + before) = 0;
    uint64_t took = os_now_ns() - start;
    arena_lock();
    decay_huge_took(took);
    arena_unlock();
}
