#include "region.h"

#include "list.h"
#include "meta.h"
#include "os.h"
#include "root.h"

#include <string.h>

/* A program that sets itself a limit later should find most of its address space untaken: a region
 * is no longer than all before it. */
#define RESERVE_LEAST ((size_t)64 << 20)
#define RESERVE_MOST  ((size_t)1 << 30)
#define LIMIT_SHARE   32 /* under a limit, so much of it */
#define BLOCK_SHARE   2  /* blocks of more than such a part have their own */

#define OPEN_STEP ((size_t)2 << 20)

static struct region *regions, *unused;
static size_t open_bytes; /* of shared regions */

static struct region *structure(void) {
    struct region *region = unused;
    if (region == NULL)
        return meta_alloc(sizeof *region, 64);
    unused = region->next;
    return region;
}

static void forget(struct region *region) {
    region->next = unused;
    unused = region;
}

/* What was opened becomes cold. */
static void add_extent(struct region *region, size_t bytes) {
    struct extent *extent = extent_new(region, region->last, region->base + region->bytes, bytes);
    region->bytes += bytes;
    if (!region->own)
        open_bytes += bytes;
    extent_free(extent, EXTENT_COLD);
}

bool region_open(struct region *region, size_t least) {
    size_t closed = region->reserved - region->bytes,
           step = open_bytes / 8 > OPEN_STEP ? open_bytes / 8 : OPEN_STEP;
    size_t more = os_round(least > step ? least : step);
    if (least > closed || !extent_ready(1))
        return false;
    more = more < closed ? more : closed;
    char *at = region->base + region->bytes;
    if (!os_open(at, more)) {
        more = least;
        if (!os_open(at, more))
            return false;
    }
    add_extent(region, more);
    return true;
}

bool region_open_behind_warm(size_t bytes, size_t least) {
    for (struct region *region = regions; region != NULL; region = region->next) {
        const struct extent *last = region->last;
        if (!region->own && last != NULL && last->state == EXTENT_WARM && last->bytes < bytes &&
            last->bytes >= least && region_open(region, bytes - last->bytes))
            return true;
    }
    return false;
}

static size_t reserve_bytes(void) {
    size_t bytes = RESERVE_LEAST, limit = os_limit();
    while (bytes < open_bytes && bytes < RESERVE_MOST)
        bytes *= 2;
    if (limit / LIMIT_SHARE < bytes)
        bytes = os_round(limit / LIMIT_SHARE);
    return bytes;
}

static bool make(char *base, size_t reserved, bool own) {
    struct region *region = base != NULL ? structure() : NULL;
    if (region == NULL) {
        if (base != NULL)
            os_unmap(base, reserved);
        return false;
    }
    *region = (struct region){.base = base, .reserved = reserved, .own = own};
    CHAIN_ADD(regions, region, next, prev);
    if (own)
        add_extent(region, reserved);
    return true;
}

/* The records of another region or of an arena may be those of this one: with room to spare the
 * block finds another start. */
static bool make_own(size_t bytes, size_t align) {
    char *at = align > OS_PAGE ? os_map_aligned(align, bytes) : os_map(NULL, bytes);
    return make(at, bytes, true);
}

/* Opens so much that its last extent is cold and has `bytes`. */
static bool room_at_end(struct region *region, size_t bytes) {
    const struct extent *last = region->last;
    size_t have = last != NULL && last->state == EXTENT_COLD ? last->bytes : 0;
    return have >= bytes || region_open(region, bytes - have);
}

bool region_make_room(size_t bytes, size_t align) {
    size_t most = reserve_bytes() / BLOCK_SHARE;
    if (!extent_ready(1))
        return false;
    if (bytes > most || align > most)
        return make_own(bytes, align);
    size_t want = bytes + (align > OS_PAGE ? align : 0);
    for (struct region *region = regions; region != NULL; region = region->next)
        if (!region->own && room_at_end(region, want))
            return true;
    size_t reserved = reserve_bytes();
    if (make(os_reserve_closed(reserved), reserved, false) && room_at_end(regions, want))
        return true;
    return extent_ready(1) && make_own(bytes, align);
}

static void unmap_end(struct region *region) {
    struct extent *last = region->last;
    extent_use(last);
    os_unmap(last->at, last->bytes);
    region->bytes -= last->bytes;
    region->reserved = region->bytes;
    extent_drop(last);
}

static void unmap_start(struct region *region) {
    struct extent *first = region->last;
    while (first->lower != NULL)
        first = first->lower;
    if (first->state != EXTENT_COLD)
        return;
    extent_use(first);
    os_unmap(first->at, first->bytes);
    region->base += first->bytes;
    region->bytes -= first->bytes;
    region->reserved = region->bytes;
    extent_drop(first);
}

static void drop(struct region *region) {
    if (region->last != NULL) {
        extent_use(region->last);
        extent_drop(region->last);
    }
    if (!region->own)
        open_bytes -= region->bytes;
    if (region->reserved > 0)
        os_unmap(region->base, region->reserved);
    CHAIN_REMOVE(regions, region, next, prev);
    forget(region);
}

static bool other_shared(const struct region *region) {
    for (const struct region *r = regions; r != NULL; r = r->next)
        if (r != region && !r->own)
            return true;
    return false;
}

static bool wholly_cold(const struct region *region) {
    const struct extent *last = region->last;
    return last == NULL || (last->lower == NULL && last->state == EXTENT_COLD);
}

/* What lies closed behind the last extent, where address space is short. */
static void close_end(struct region *region) {
    if (region->reserved > region->bytes)
        os_unmap(region->base + region->bytes, region->reserved - region->bytes);
    region->reserved = region->bytes;
}

void region_trim(struct region *region, bool all) {
    if (wholly_cold(region)) {
        if (region->own || all || other_shared(region))
            drop(region);
        return;
    }
    if (all)
        close_end(region);
    if (!region->own && !all)
        return;
    if (!region->own)
        open_bytes -= region->last->state == EXTENT_COLD ? region->last->bytes : 0;
    if (region->last->state == EXTENT_COLD)
        unmap_end(region);
    if (region->own)
        unmap_start(region);
}

bool region_trim_all(void) {
    size_t before = 0, after = 0;
    struct region *next;
    for (struct region *region = regions; region != NULL; region = next) {
        next = region->next;
        before += region->reserved;
        region_trim(region, true);
    }
    for (struct region *region = regions; region != NULL; region = region->next)
        after += region->reserved;
    return after < before;
}

bool region_alone(const struct extent *extent) {
    return extent->region->own && extent->lower == NULL && extent->upper == NULL;
}

void region_moved(struct extent *extent, char *at, size_t bytes) {
    struct region *region = extent->region;
    region->base = extent->at = at;
    region->bytes = region->reserved = extent->bytes = bytes;
}
