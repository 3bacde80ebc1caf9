#include "arena_set.h"

#include "decay.h"
#include "list.h"
#include "meta.h"
#include "os.h"
#include "owner.h"
#include "pool_map.h"
#include "root.h"

struct arena_set arena_set[SETS];
static struct arena *unused; /* structures without a mapping */
static uint32_t sequence;

void arena_set_add(struct arena *arena) {
    struct arena_set *set = &arena_set[arena->huge];
    uint32_t n = arena->free_count;
    CHAIN_ADD(set->bucket[n], arena, next, prev);
    if (n > 0)
        set->map |= (uint64_t)1 << (n - 1);
}

void arena_set_remove(struct arena *arena) {
    struct arena_set *set = &arena_set[arena->huge];
    uint32_t n = arena->free_count;
    CHAIN_REMOVE(set->bucket[n], arena, next, prev);
    if (n > 0 && set->bucket[n] == NULL)
        set->map &= ~((uint64_t)1 << (n - 1));
}

void arena_set_free(struct arena *arena, uint64_t free) {
    arena_set_remove(arena);
    arena->free = free;
    arena->free_count = (uint8_t)bits_set(free);
    arena_set_add(arena);
}

/* No live arena or large block uses any of the records of an arena at `base`. */
static bool records_free(const char *base) {
    const struct pool *record = owner_record(base);
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        if (record[i].arena != NULL || record[i].state != POOL_NONE)
            return false;
    return true;
}

/* The records of an arena at `base` can be written to, and have been: a memory page that is read
 * first is the kernel's page of zeros until it is written to, which then interrupts the process on
 * every processor. */
static bool open_records(const char *base) {
    struct pool *record = owner_record(base);
    if (!owner_open(record))
        return false;
    for (size_t i = 0; i < ARENA_POOLS; i += OS_PAGE / sizeof *record)
        atomic_fetch_or_explicit(&record[i].mail, 0, memory_order_relaxed);
    return true;
}

/* An aligned mapping near `hint`, which the kernel takes as a wish. */
static char *map_near(char *hint) {
    char *at = os_map(hint, ARENA_BYTES);
    if (at == NULL || ((uintptr_t)at & (ARENA_BYTES - 1)) == 0)
        return at;
    os_unmap(at, ARENA_BYTES);
    return os_map_aligned(ARENA_BYTES, ARENA_BYTES);
}

/* Looks for records nobody uses, at the addresses below one where the kernel had room: it fills
 * address space from above. */
static char *map_by_records(char *below) {
    uint64_t groups = (address_map.mask / sizeof(struct pool) + 1) / ARENA_POOLS;
    int tries = 64;
    for (char *at = below - ARENA_BYTES; groups-- > 0 && tries > 0; at -= ARENA_BYTES) {
        if (!records_free(at))
            continue;
        char *mapped = os_map(at, ARENA_BYTES);
        if (mapped == at)
            return mapped;
        if (mapped != NULL)
            os_unmap(mapped, ARENA_BYTES);
        tries--;
    }
    return NULL;
}

/* Maps an arena whose records no live arena or large block uses. The kernel usually hands out
 * neighbours, so the place below the newest arena is tried first: it is aligned already. (So is
 * the first one, on kernels that align what may become a huge page.) */
static char *map_arena(void) {
    static char *last;
    char *at = map_near(last != NULL ? last - ARENA_BYTES : NULL);
    bool opened = at != NULL && open_records(at);
    if (opened && !records_free(at)) {
        os_unmap(at, ARENA_BYTES);
        at = map_by_records(at);
        opened = at != NULL && open_records(at);
    }
    if (at == NULL)
        return NULL;
    if (!opened) {
        os_unmap(at, ARENA_BYTES);
        return NULL;
    }
    return last = at;
}

static void link_all(struct arena *arena) {
    CHAIN_ADD(libpool_root.arenas, arena, all_next, all_prev);
    libpool_root.arena_count++;
}

static void unlink_all(struct arena *arena) {
    CHAIN_REMOVE(libpool_root.arenas, arena, all_next, all_prev);
    libpool_root.arena_count--;
}

/* Half of what the newest arena's pools have is in use: many threads with a little of each class
 * hold many pools and need few memory pages. */
static RACY bool dense(const struct arena *arena) {
    const struct pool *record = owner_record(arena->base);
    uint32_t touched = 0;
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        touched += record[i].state >= POOL_RUN ? POOL_BYTES / OS_PAGE : record[i].touched;
    return touched * OS_PAGE >= ARENA_BYTES / 2;
}

/* A heap that is large already and needs one more arena will fill it: a huge page then takes a
 * quarter of the time of 512 small ones. What it may waste, part of one arena, is a few per cent
 * of such a heap. Runs go elsewhere: their ends are not touched, and would be resident all the
 * same. */
static void ask_for_huge(struct arena *arena) {
    if (!decay_huge(ARENA_BYTES) || libpool_root.arenas == NULL || !dense(libpool_root.arenas))
        return;
    os_huge(arena->base, ARENA_BYTES);
    arena->huge = arena->whole = 1;
    uint64_t before = os_now_ns();
    *(volatile char *)arena->base = 0;
    decay_huge_took(os_now_ns() - before);
}

struct arena *arena_new(bool huge) {
    if (!owner_started() && !owner_start())
        return NULL;
    struct arena *arena = unused;
    if (arena == NULL)
        arena = meta_alloc(sizeof *arena, 64);
    if (arena == NULL)
        return NULL;
    unused = arena->all_next;
    char *base = map_arena();
    if (base == NULL) {
        arena->all_next = unused;
        unused = arena;
        return NULL;
    }
    *arena = (struct arena){.base = base,
                            .free = ~(uint64_t)0,
                            .free_count = ARENA_POOLS,
                            .whole = os_huge_unasked,
                            .index = sequence++};
    if (huge)
        ask_for_huge(arena);
    struct pool *record = owner_record(base);
    for (uint32_t i = 0; i < ARENA_POOLS; i++)
        record[i].arena = arena;
    link_all(arena);
    arena_set_add(arena);
    root_count(EVENT_ARENA_MAPPED, 1);
    return arena;
}

void arena_drop(struct arena *arena) {
    uint64_t dirty = bytes_of(arena->dirty);
    arena_set_remove(arena);
    unlink_all(arena);
    owner_purge(owner_record(arena->base));
    os_unmap(arena->base, ARENA_BYTES);
    if (dirty > 0) {
        decay_gave_back(dirty);
        libpool_root.cached_pools_bytes -= dirty;
    }
    root_count(EVENT_ARENA_UNMAPPED, 1);
    arena->all_next = unused;
    unused = arena;
}
