#undef NDEBUG /* asserts run only when CHECKED */
#include "arena.h"

#include "arena_set.h"
#include "config.h"
#include "decay.h"
#include "heap.h"
#include "os.h"
#include "owner.h"
#include "pool_map.h"
#include "recent.h"
#include "root.h"
#include "share.h"

static struct lock lock;

void arena_lock(void) {
    lock_take(&lock);
}

void arena_unlock(void) {
    lock_release(&lock);
}

struct place {
    struct arena *arena;
    uint32_t first, dirty; /* first pool; how many of them are still resident */
    uint32_t hole;         /* free pools side by side there */
};

/* Better: more of it resident; of equals the smaller hole, which leaves the larger for runs that
 * need it. */
static void consider(struct place *best, struct place place) {
    if (best->arena == NULL || place.dirty > best->dirty ||
        (place.dirty == best->dirty && place.hole < best->hole))
        *best = place;
}

/* Compares the places for `count` pools in an arena: both ends of each hole. */
static void best_in(struct arena *arena, uint32_t count, struct place *best) {
    uint64_t runs = runs_of(arena->free, count);
    uint64_t exact =
        runs_of(arena->free & arena->dirty, count) & ~(arena->free << 1) & ~(arena->free >> count);
    if (exact != 0) {
        *best = (struct place){arena, (uint32_t)__builtin_ctzll(exact), count, count};
        return;
    }
    while (runs != 0) {
        uint32_t first = (uint32_t)__builtin_ctzll(runs), places = ones_from(runs, first);
        uint32_t last = first + places - 1, hole = places + count - 1;
        uint32_t dirty = bits_set(arena->dirty & mask_of(first, count));
        runs &= ~mask_of(first, places);
        consider(best, (struct place){arena, first, dirty, hole});
        if (dirty < count && last != first)
            consider(best, (struct place){arena, last,
                                          bits_set(arena->dirty & mask_of(last, count)), hole});
    }
}

#define PROBES 16 /* arenas looked at for warm memory */

/* Nothing better is to be had, or not without looking further than it is worth. */
static bool good(const struct place *best, uint32_t count, int probes) {
    bool warm = best->dirty == count;
    return (warm && (count == 1 || best->hole == count || probes >= PROBES / 2)) ||
           probes >= PROBES;
}

/* Looks through the arenas with as many free pools; true: no need to look further. */
static bool search_bucket(struct arena *arena, uint32_t count, int *probes, struct place *best) {
    bool warm = libpool_root.cached_pools_bytes >> POOL_SHIFT != 0;
    for (; arena != NULL; arena = arena->next) {
        if ((arena->dirty & arena->free) != 0 || best->arena == NULL)
            best_in(arena, count, best);
        if (best->arena != NULL && (!warm || good(best, count, ++*probes)))
            return true;
    }
    return false;
}

/* Fullest arenas first; warm memory before cold as long as looking for it stays cheap. */
static struct place search(uint32_t count, bool run) {
    struct place best = {NULL, 0, 0, 0};
    const struct arena_set *small = &arena_set[SET_SMALL], *huge = &arena_set[SET_HUGE];
    int probes = 0;
    uint64_t map = (small->map | (run ? 0 : huge->map)) >> (count - 1) << (count - 1);
    for (; map != 0; map &= map - 1) {
        uint32_t free = (uint32_t)__builtin_ctzll(map) + 1;
        if (search_bucket(small->bucket[free], count, &probes, &best) ||
            (!run && search_bucket(huge->bucket[free], count, &probes, &best)))
            break;
    }
    return best;
}

static struct place find(uint32_t count, bool run) {
    const struct pool *recent = count == 1 ? recent_find(run) : NULL;
    if (recent == NULL)
        return search(count, run);
    return (struct place){recent->arena, arena_place(recent), 1, 1};
}

static struct pool *claim(struct arena *arena, uint32_t first, uint32_t count) {
    uint64_t mask = mask_of(first, count);
    uint64_t resident = (arena->dirty & mask) >> first;
    uint64_t bytes = (uint64_t)count << POOL_SHIFT, warm = bytes_of(resident);
    arena_set_free(arena, arena->free & ~mask);
    arena->dirty |= mask;
    if (warm > 0) {
        decay_reuse(warm);
        libpool_root.cached_pools_bytes -= warm;
    }
    if (warm < bytes)
        decay_pools_fresh(bytes - warm);
    decay_live((int64_t)bytes);
    struct pool *pool = owner_record(arena->base) + first;
    pool->base = arena->base + ((size_t)first << POOL_SHIFT);
    pool->fresh = warm == 0;
    for (uint32_t i = 0; i < count; i++)
        if ((resident >> i & 1) == 0)
            pool[i].touched = 0;
    return pool;
}

RACY bool arena_has_warm(void) {
    return libpool_root.cached_pools_bytes > 0;
}

static struct pool *take(uint32_t count, bool run, bool warm) {
    lock_take(&lock);
    struct place place = find(count, run);
    if (warm && place.dirty < count)
        place.arena = NULL;
    else if (place.arena == NULL)
        place.arena = arena_new(!run);
    struct pool *pool = NULL;
    if (place.arena != NULL) {
        pool = claim(place.arena, place.first, count);
        if (run)
            decay_runs((int64_t)count << POOL_SHIFT);
        root_count(run ? EVENT_RUN_TAKEN : EVENT_POOL_TAKEN, 1);
    }
    lock_release(&lock);
    return pool;
}

struct pool *arena_take(uint32_t count, bool run) {
    return take(count, run, false);
}

struct pool *arena_take_warm(uint32_t count) {
    return take(count, true, true);
}

static void unclaim(struct arena *arena, uint32_t first, uint32_t count) {
    arena_set_free(arena, arena->free | mask_of(first, count));
    libpool_root.cached_pools_bytes += (uint64_t)count << POOL_SHIFT;
    decay_live(-((int64_t)count << POOL_SHIFT));
    decay_keep((uint64_t)count << POOL_SHIFT);
}

/* Purging in steps keeps the number of calls small: nothing happens until the allowance is
 * exceeded by a step, then everything above the allowance goes at once. A longer one where much is
 * allowed, so that more goes in each call, and a shorter one where a heap holds more than the
 * allowance already. */
#define PURGE_STEP  ((uint64_t)256 << 10)
#define PURGE_MOST  ((uint64_t)1 << 20)
#define PURGE_SHARE 8 /* of what is allowed */

static uint64_t purge_step(uint64_t allowed) {
    if (allowed == 0)
        return PURGE_STEP / 4;
    return share_within(PURGE_STEP, allowed / PURGE_SHARE, PURGE_MOST);
}

static void return_pools(struct pool *first, uint32_t count) {
    struct arena *arena = first->arena;
    if (first->state == POOL_RUN || first->state == POOL_BODY)
        decay_runs(-((int64_t)count << POOL_SHIFT));
    for (uint32_t i = 0; i < count; i++)
        first[i].state = POOL_NONE;
    first->spare_bound = 0; /* of a run */
    if (count == 1)
        recent_note(first);
    root_count(first->block_size == 0 ? EVENT_RUN_RETURNED : EVENT_POOL_RETURNED, 1);
    unclaim(arena, arena_place(first), count);
}

/* What the calling thread's heap keeps for itself counts too. */
static uint64_t heap_held(void) {
    return self.heap != NULL ? self.heap->rest_bytes + self.heap->big_bytes + self.heap->run_bytes
                             : 0;
}

void arena_return(struct pool *first, uint32_t count) {
    lock_take(&lock);
    return_pools(first, count);
    uint64_t allowed = decay_allowed_pools(heap_held());
    bool over = libpool_root.cached_pools_bytes > allowed + purge_step(allowed);
    lock_release(&lock);
    if (over)
        arena_purge(allowed);
}

bool arena_extend(struct pool *first, uint32_t count, uint32_t more) {
    lock_take(&lock);
    struct arena *arena = first->arena;
    uint32_t next = arena_place(first) + count;
    bool possible =
        next + more <= ARENA_POOLS && (arena->free & mask_of(next, more)) == mask_of(next, more);
    if (possible) {
        claim(arena, next, more);
        decay_runs((int64_t)more << POOL_SHIFT);
    }
    lock_release(&lock);
    return possible;
}

void arena_shrink(struct pool *first, uint32_t count, uint32_t less) {
    struct pool *tail = first + (count - less);
    tail->base = first->base + ((size_t)(count - less) << POOL_SHIFT);
    arena_return(tail, less);
}

void arena_check(void) {
    if (!CHECKED)
        return;
    lock_take(&lock);
    uint64_t dirty = 0;
    for (struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next) {
        struct pool *record = owner_record(a->base);
        for (uint32_t i = 0; i < ARENA_POOLS; i++) {
            assert(record[i].arena == a);
            bool nobodys = ((a->free | a->leaving) >> i & 1) != 0;
            assert(!nobodys || (record[i].state == POOL_NONE && record[i].spare_bound == 0));
        }
        assert((a->free & a->leaving) == 0 && bits_set(a->free) == a->free_count);
        dirty += bytes_of(a->free & a->dirty);
    }
    assert(dirty == libpool_root.cached_pools_bytes);
    lock_release(&lock);
}
