#undef NDEBUG /* asserts run only when CHECKED */
#include "extent.h"

#include "config.h"
#include "list.h"
#include "meta.h"
#include "owner.h"
#include "region.h"
#include "root.h"

#include <assert.h>

#define BUCKETS 48
#define PROBES  32
#define TRIES   2048
#define BATCH   16 /* extents made at a time */

static struct extent *unused;
static uint32_t unused_count;

static struct extent *newest_warm;
static struct {
    struct extent *first[BUCKETS]; /* by power of two */
    uint64_t map;                  /* bit i: first[i] is not NULL */
} cold;

bool extent_ready(uint32_t count) {
    while (unused_count < count) {
        struct extent *made = meta_alloc(BATCH * sizeof *made, 64);
        if (made == NULL)
            return false;
        for (uint32_t i = 0; i < BATCH; i++) {
            made[i].next = unused;
            unused = &made[i];
        }
        unused_count += BATCH;
    }
    return true;
}

static uint32_t bucket_of(size_t bytes) {
    return 63 - (uint32_t)__builtin_clzll(bytes);
}

static void link_warm(struct extent *extent) {
    extent->next = NULL;
    extent->prev = newest_warm;
    if (newest_warm != NULL)
        newest_warm->next = extent;
    else
        libpool_root.warm = extent;
    newest_warm = extent;
    libpool_root.large.cached++;
    libpool_root.large.cached_bytes += extent->bytes;
}

static void unlink_warm(struct extent *extent) {
    if (extent->next != NULL)
        extent->next->prev = extent->prev;
    else
        newest_warm = extent->prev;
    if (extent->prev != NULL)
        extent->prev->next = extent->next;
    else
        libpool_root.warm = extent->next;
    libpool_root.large.cached--;
    libpool_root.large.cached_bytes -= extent->bytes;
}

static void link_cold(struct extent *extent) {
    uint32_t bucket = bucket_of(extent->bytes);
    CHAIN_ADD(cold.first[bucket], extent, next, prev);
    cold.map |= (uint64_t)1 << bucket;
}

static void unlink_cold(struct extent *extent) {
    uint32_t bucket = bucket_of(extent->bytes);
    CHAIN_REMOVE(cold.first[bucket], extent, next, prev);
    if (cold.first[bucket] == NULL)
        cold.map &= ~((uint64_t)1 << bucket);
}

static void enlist(struct extent *extent, uint8_t state) {
    extent->state = state;
    if (state == EXTENT_WARM)
        link_warm(extent);
    else if (state == EXTENT_COLD)
        link_cold(extent);
}

void extent_use(struct extent *extent) {
    if (extent->state == EXTENT_WARM)
        unlink_warm(extent);
    else if (extent->state == EXTENT_COLD)
        unlink_cold(extent);
    extent->state = EXTENT_USED;
}

struct extent *extent_new(struct region *region, struct extent *lower, char *at, size_t bytes) {
    struct extent *extent = unused;
    unused = extent->next;
    unused_count--;
    *extent = (struct extent){.at = at, .bytes = bytes, .region = region, .lower = lower};
    if (lower != NULL) {
        extent->upper = lower->upper;
        lower->upper = extent;
    }
    if (extent->upper != NULL)
        extent->upper->lower = extent;
    else
        region->last = extent;
    return extent;
}

void extent_drop(struct extent *extent) {
    if (extent->lower != NULL)
        extent->lower->upper = extent->upper;
    if (extent->upper != NULL)
        extent->upper->lower = extent->lower;
    else
        extent->region->last = extent->lower;
    extent->next = unused;
    unused = extent;
    unused_count++;
}

struct extent *extent_split(struct extent *extent, size_t bytes) {
    uint8_t state = extent->state;
    extent_use(extent);
    struct extent *rest =
        extent_new(extent->region, extent, extent->at + bytes, extent->bytes - bytes);
    rest->huge = extent->huge;
    rest->moved = extent->moved;
    extent->bytes = bytes;
    enlist(extent, state);
    enlist(rest, state);
    return rest;
}

void extent_absorb(struct extent *extent) {
    struct extent *upper = extent->upper;
    extent->bytes += upper->bytes;
    extent->huge |= upper->huge;
    extent->moved |= upper->moved;
    extent_drop(upper);
}

static void check_above(const struct extent *lower) {
    const struct extent *upper = lower->upper;
    assert(lower->bytes > 0);
    if (upper == NULL) {
        assert(lower->region->last == lower);
        return;
    }
    assert(upper->lower == lower && upper->region == lower->region);
    assert(upper->at == lower->at + lower->bytes);
    assert(lower->state == EXTENT_USED || lower->state != upper->state);
}

static void check(const struct extent *extent) {
    if (!CHECKED)
        return;
    check_above(extent);
    if (extent->lower != NULL)
        check_above(extent->lower);
}

struct extent *extent_free(struct extent *extent, enum extent_state state) {
    struct extent *lower = extent->lower, *upper = extent->upper;
    if (upper != NULL && upper->state == state) {
        extent_use(upper);
        extent_absorb(extent);
    }
    if (lower != NULL && lower->state == state) {
        extent_use(lower);
        extent_absorb(lower);
        extent = lower;
    }
    enlist(extent, state);
    check(extent);
    return extent;
}

struct extent *extent_oldest(void) {
    return libpool_root.warm;
}

bool extent_may_start(const char *at) {
    const struct pool *record = owner_record(at);
    return record->state == POOL_NONE && record->arena == NULL;
}

/* The first multiple of `align` from `at` on whose record is nobody's. Two blocks never start in
 * one record's 32 KiB, and far apart ones may share a record. NULL: none before `end`. */
static char *fit(char *at, const char *end, struct extent_wish wish) {
    size_t step = wish.align > POOL_BYTES ? wish.align : POOL_BYTES;
    at += -(uintptr_t)at & (wish.align - 1);
    for (int tries = 0; tries < TRIES; tries++, at += step) {
        if (at > end || (size_t)(end - at) < wish.bytes)
            return NULL;
        if (extent_may_start(at))
            return at;
    }
    return NULL;
}

static char *fit_in(const struct extent *extent, struct extent_wish wish) {
    return fit(extent->at, extent->at + extent->bytes, wish);
}

struct extent_place extent_find_warm(struct extent_wish wish) {
    struct extent_place best = {NULL, NULL};
    for (struct extent *e = newest_warm; e != NULL; e = e->prev) {
        if (e->bytes < wish.bytes || (best.extent != NULL && e->bytes >= best.extent->bytes))
            continue;
        char *at = fit_in(e, wish);
        if (at != NULL)
            best = (struct extent_place){e, at};
    }
    return best;
}

static bool is_cold(const struct extent *extent) {
    return extent != NULL && extent->state == EXTENT_COLD;
}

/* All of the warm extent and what is cold beside it: above it if there is enough. */
static struct extent_place around(struct extent *warm, struct extent_wish wish) {
    struct extent *low = is_cold(warm->lower) ? warm->lower : warm;
    struct extent *high = is_cold(warm->upper) ? warm->upper : warm;
    char *end = high->at + high->bytes;
    if ((size_t)(end - low->at) < wish.bytes)
        return (struct extent_place){NULL, NULL};
    char *at = warm->at;
    if ((size_t)(end - at) < wish.bytes)
        at = end - wish.bytes;
    if (((uintptr_t)at & (wish.align - 1)) != 0 || !extent_may_start(at))
        return (struct extent_place){NULL, NULL};
    return (struct extent_place){at < warm->at ? low : warm, at};
}

struct extent_place extent_find_around(struct extent_wish wish, size_t least) {
    struct extent_place best = {NULL, NULL};
    size_t most = least;
    for (struct extent *e = newest_warm; e != NULL; e = e->prev) {
        if (e->bytes < most || e->bytes >= wish.bytes)
            continue;
        struct extent_place place = around(e, wish);
        if (place.extent != NULL) {
            best = place;
            most = e->bytes;
        }
    }
    return best;
}

static struct extent_place find_in_bucket(uint32_t bucket, struct extent_wish wish, bool biggest) {
    struct extent_place best = {NULL, NULL};
    int probes = 0;
    for (struct extent *e = cold.first[bucket]; e != NULL && probes < PROBES; e = e->next) {
        probes++;
        if (e->bytes < wish.bytes ||
            (best.extent != NULL && (e->bytes > best.extent->bytes) != biggest))
            continue;
        char *at = fit_in(e, wish);
        if (at != NULL)
            best = (struct extent_place){e, at};
    }
    return best;
}

struct extent_place extent_find_cold(struct extent_wish wish, bool biggest) {
    struct extent_place place = {NULL, NULL};
    uint64_t map = cold.map >> bucket_of(wish.bytes) << bucket_of(wish.bytes);
    while (map != 0 && place.extent == NULL) {
        uint32_t bucket = biggest ? bucket_of(map) : (uint32_t)__builtin_ctzll(map);
        place = find_in_bucket(bucket, wish, biggest);
        map &= ~((uint64_t)1 << bucket);
    }
    return place;
}
