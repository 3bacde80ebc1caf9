#undef NDEBUG /* asserts run only when CHECKED */
#include "arena.h"

#include "config.h"
#include "decay.h"
#include "heap.h"
#include "meta.h"
#include "os.h"
#include "owner.h"
#include "pool.h"
#include "root.h"

static struct lock lock;
static struct arena *bucket[ARENA_POOLS + 1]; /* by number of free pools */
static uint64_t bucket_map;                   /* bit n-1: bucket[n] is not empty; 0 free: no bit */
static struct arena *unused;                  /* structures without a mapping */
static uint32_t sequence;

void arena_lock(void) {
    lock_take(&lock);
}

void arena_unlock(void) {
    lock_release(&lock);
}

static void bucket_add(struct arena *arena) {
    uint32_t n = arena->free_count;
    arena->prev = NULL;
    arena->next = bucket[n];
    if (arena->next != NULL)
        arena->next->prev = arena;
    bucket[n] = arena;
    if (n > 0)
        bucket_map |= (uint64_t)1 << (n - 1);
}

static void bucket_remove(struct arena *arena) {
    uint32_t n = arena->free_count;
    if (arena->next != NULL)
        arena->next->prev = arena->prev;
    if (arena->prev != NULL)
        arena->prev->next = arena->next;
    else
        bucket[n] = arena->next;
    if (n > 0 && bucket[n] == NULL)
        bucket_map &= ~((uint64_t)1 << (n - 1));
}

/* Bits i such that i .. i+count-1 are all set. */
static uint64_t runs_of(uint64_t map, uint32_t count) {
    uint32_t have = 1;
    while (have < count) {
        uint32_t step = have < count - have ? have : count - have;
        map &= map >> step;
        have += step;
    }
    return map;
}

/* Without the instruction, which not every x86-64 has, __builtin_popcountll is a call. */
static uint32_t bits_set(uint64_t map) {
    uint32_t count = 0;
    for (; map != 0; map &= map - 1)
        count++;
    return count;
}

static uint64_t mask_of(uint32_t first, uint32_t count) {
    return (count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1) << first;
}

/* No live arena or large block uses any of the records of an arena at `base`. */
static bool records_free(const char *base) {
    const struct pool *record = owner_record(base);
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        if (record[i].arena != NULL || record[i].state != POOL_NONE)
            return false;
    return true;
}

/* Maps an arena whose records no live arena uses. The kernel usually hands out neighbours, so
 * the place below the newest arena is tried first: it is aligned already. (So is the first one, on
 * kernels that align what may become a huge page.) */
static char *map_arena(void) {
    static char *last;
    char *held[8];
    int tries = 0;
    char *at = NULL;
    at = os_map(last != NULL ? last - ARENA_BYTES : NULL, ARENA_BYTES);
    if (at != NULL && ((uintptr_t)at & (ARENA_BYTES - 1)) != 0) {
        os_unmap(at, ARENA_BYTES);
        at = NULL;
    }
    if (at == NULL)
        at = os_map_aligned(ARENA_BYTES, ARENA_BYTES);
    while (at != NULL && !records_free(at)) {
        held[tries++] = at;
        at = tries == 8 ? NULL : os_map_aligned(ARENA_BYTES, ARENA_BYTES);
    }
    while (tries > 0)
        os_unmap(held[--tries], ARENA_BYTES);
    if (at != NULL)
        last = at;
    return at;
}

static void link_all(struct arena *arena) {
    arena->all_prev = NULL;
    arena->all_next = libpool_root.arenas;
    if (arena->all_next != NULL)
        arena->all_next->all_prev = arena;
    libpool_root.arenas = arena;
    libpool_root.arena_count++;
}

static void unlink_all(struct arena *arena) {
    if (arena->all_next != NULL)
        arena->all_next->all_prev = arena->all_prev;
    if (arena->all_prev != NULL)
        arena->all_prev->all_next = arena->all_next;
    else
        libpool_root.arenas = arena->all_next;
    libpool_root.arena_count--;
}

/* A heap that is large already and needs one more arena will fill it: a huge page then takes a
 * quarter of the time of 512 small ones. What it may waste, part of one arena, is a few per cent
 * of such a heap. Runs go elsewhere: their ends are not touched, and would be resident all the
 * same. */
static void ask_for_huge(struct arena *arena) {
    if (!decay_huge(ARENA_BYTES))
        return;
    os_huge(arena->base, ARENA_BYTES);
    arena->huge = 1;
}

static struct arena *arena_new(bool huge) {
    if (!owner_started() && !owner_start())
        return NULL;
    struct arena *arena = unused;
    if (arena == NULL)
        arena = meta_alloc(sizeof *arena);
    if (arena == NULL)
        return NULL;
    unused = arena->all_next;
    char *base = map_arena();
    if (base == NULL) {
        arena->all_next = unused;
        unused = arena;
        return NULL;
    }
    *arena = (struct arena){.base = base, .free = ~(uint64_t)0, .free_count = ARENA_POOLS, .index = sequence++};
    if (huge)
        ask_for_huge(arena);
    struct pool *record = owner_record(base);
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        record[i].arena = arena;
    link_all(arena);
    bucket_add(arena);
    root_count(EVENT_ARENA_MAPPED, 1);
    return arena;
}

/* Unlinks an arena without a pool in use and unmaps it; its records read as zero again. */
static void arena_drop(struct arena *arena) {
    uint32_t dirty = bits_set(arena->dirty);
    bucket_remove(arena);
    unlink_all(arena);
    owner_purge(owner_record(arena->base));
    os_unmap(arena->base, ARENA_BYTES);
    if (dirty > 0) {
        decay_gave_back((uint64_t)dirty << POOL_SHIFT);
        libpool_root.cached_pools_bytes -= (uint64_t)dirty << POOL_SHIFT;
    }
    root_count(EVENT_ARENA_UNMAPPED, 1);
    arena->all_next = unused;
    unused = arena;
}

struct place {
    struct arena *arena;
    uint32_t first, dirty; /* first pool; how many of them are still resident */
};

/* Of the places for `count` pools in an arena, the one with most resident memory. */
static void best_in(struct arena *arena, uint32_t count, struct place *best) {
    for (uint64_t runs = runs_of(arena->free, count); runs != 0; runs &= runs - 1) {
        uint32_t first = (uint32_t)__builtin_ctzll(runs);
        uint32_t dirty = bits_set(arena->dirty & mask_of(first, count));
        if (best->arena == NULL || dirty > best->dirty)
            *best = (struct place){arena, first, dirty};
        if (dirty == count)
            return;
    }
}

/* Fullest arenas first; warm memory before cold as long as looking for it stays cheap. */
static struct place find(uint32_t count, bool run) {
    struct place best = {NULL, 0, 0};
    bool warm = libpool_root.cached_pools_bytes >> POOL_SHIFT != 0;
    int probes = 0;
    for (uint64_t map = bucket_map >> (count - 1) << (count - 1); map != 0; map &= map - 1) {
        for (struct arena *a = bucket[__builtin_ctzll(map) + 1]; a != NULL; a = a->next) {
            if (run && a->huge)
                continue;
            if ((a->dirty & a->free) != 0 || best.arena == NULL)
                best_in(a, count, &best);
            if (best.arena != NULL && (!warm || best.dirty == count || ++probes == 16))
                return best;
        }
    }
    return best;
}

static struct pool *claim(struct arena *arena, uint32_t first, uint32_t count) {
    uint64_t mask = mask_of(first, count);
    uint32_t dirty = bits_set(arena->dirty & mask);
    bucket_remove(arena);
    arena->free &= ~mask;
    arena->free_count -= count;
    arena->dirty |= mask;
    bucket_add(arena);
    if (dirty > 0) {
        decay_reuse((uint64_t)dirty << POOL_SHIFT);
        libpool_root.cached_pools_bytes -= (uint64_t)dirty << POOL_SHIFT;
    }
    if (dirty < count)
        decay_fresh((uint64_t)(count - dirty) << POOL_SHIFT);
    decay_live((int64_t)count << POOL_SHIFT);
    struct pool *pool = owner_record(arena->base) + first;
    pool->base = arena->base + ((size_t)first << POOL_SHIFT);
    pool->fresh = dirty == 0;
    return pool;
}

RACY bool arena_has_warm(void) {
    return libpool_root.cached_pools_bytes > 0;
}

struct pool *arena_take(uint32_t count, bool run) {
    lock_take(&lock);
    struct place place = find(count, run);
    if (place.arena == NULL)
        place.arena = arena_new(!run);
    struct pool *pool = NULL;
    if (place.arena != NULL) {
        pool = claim(place.arena, place.first, count);
        root_count(run ? EVENT_RUN_TAKEN : EVENT_POOL_TAKEN, 1);
    }
    lock_release(&lock);
    return pool;
}

static void unclaim(struct arena *arena, uint32_t first, uint32_t count) {
    bucket_remove(arena);
    arena->free |= mask_of(first, count);
    arena->free_count += count;
    bucket_add(arena);
    libpool_root.cached_pools_bytes += (uint64_t)count << POOL_SHIFT;
    decay_live(-((int64_t)count << POOL_SHIFT));
    decay_keep((uint64_t)count << POOL_SHIFT);
}

/* Purging in steps keeps the number of calls small: nothing happens until the allowance is
 * exceeded by a step, then everything above the allowance goes at once. */
#define PURGE_STEP ((uint64_t)256 << 10)

static void return_pools(struct pool *first, uint32_t count) {
    struct arena *arena = first->arena;
    for (uint32_t i = 0; i < count; i++)
        first[i].state = POOL_NONE;
    root_count(first->block_size == 0 ? EVENT_RUN_RETURNED : EVENT_POOL_RETURNED, 1);
    unclaim(arena, (uint32_t)((size_t)(first->base - arena->base) >> POOL_SHIFT), count);
}

static bool purge_locked(uint64_t keep);

/* What the calling thread's heap keeps for itself counts too. */
static uint64_t heap_held(void) {
    return self.heap != NULL ? self.heap->rest_bytes + self.heap->big_bytes : 0;
}

void arena_return(struct pool *first, uint32_t count) {
    lock_take(&lock);
    return_pools(first, count);
    uint64_t allowed = decay_allowed_pools(), held = heap_held();
    allowed = allowed > held ? allowed - held : 0;
    if (libpool_root.cached_pools_bytes > allowed + PURGE_STEP)
        purge_locked(allowed);
    lock_release(&lock);
}

bool arena_extend(struct pool *first, uint32_t count, uint32_t more) {
    lock_take(&lock);
    struct arena *arena = first->arena;
    uint32_t next = (uint32_t)((size_t)(first->base - arena->base) >> POOL_SHIFT) + count;
    bool possible = next + more <= ARENA_POOLS &&
                    (arena->free & mask_of(next, more)) == mask_of(next, more);
    if (possible)
        claim(arena, next, more);
    lock_release(&lock);
    return possible;
}

void arena_shrink(struct pool *first, uint32_t count, uint32_t less) {
    struct pool *tail = first + (count - less);
    tail->base = first->base + ((size_t)(count - less) << POOL_SHIFT);
    arena_return(tail, less);
}

/* Gives the free dirty pools of an arena back, whole stretches at a time. */
static void purge_arena(struct arena *arena) {
    uint64_t map = arena->free & arena->dirty;
    while (map != 0) {
        uint32_t first = (uint32_t)__builtin_ctzll(map);
        uint64_t rest = ~(map >> first);
        uint32_t count = rest == 0 ? 64 - first : (uint32_t)__builtin_ctzll(rest);
        uint64_t bytes = (uint64_t)count << POOL_SHIFT;
        map &= ~mask_of(first, count);
        if (!os_purge(arena->base + ((size_t)first << POOL_SHIFT), bytes))
            continue;
        arena->dirty &= ~mask_of(first, count);
        decay_gave_back(bytes);
        libpool_root.cached_pools_bytes -= bytes;
    }
}

/* Emptiest arenas first: what they hold is least likely to be filled soon. */
static bool purge_locked(uint64_t keep) {
    bool any = false;
    for (uint32_t n = ARENA_POOLS; n > 0 && libpool_root.cached_pools_bytes > keep; n--) {
        for (struct arena *a = bucket[n], *next; a != NULL && libpool_root.cached_pools_bytes > keep; a = next) {
            next = a->next;
            any |= (a->free & a->dirty) != 0;
            if (n == ARENA_POOLS)
                arena_drop(a);
            else
                purge_arena(a);
        }
    }
    return any;
}

bool arena_purge(uint64_t keep) {
    lock_take(&lock);
    bool any = purge_locked(keep);
    /* An arena whose memory is with the OS already still takes address space. */
    for (; keep == 0 && bucket[ARENA_POOLS] != NULL; any = true)
        arena_drop(bucket[ARENA_POOLS]);
    lock_release(&lock);
    return any;
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
            assert((record[i].state == POOL_NONE) >= ((a->free >> i & 1) != 0));
        }
        dirty += (uint64_t)bits_set(a->free & a->dirty) << POOL_SHIFT;
    }
    assert(dirty == libpool_root.cached_pools_bytes);
    lock_release(&lock);
}
