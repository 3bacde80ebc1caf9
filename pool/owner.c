#include "owner.h"

#include "os.h"
#include "root.h"

#include <string.h>

static struct pool nothing;
struct address_map address_map = {&nothing, 0};

bool owner_started(void) {
    return address_map.records != &nothing;
}

/* Address space that the table covers. Arenas that would share records are placed elsewhere, so
 * it must only exceed what a process can use by enough to find free places quickly. The table is
 * 1/256 of it: under a limit, 3 % of that (a soft limit may be raised later). */
static size_t coverage(void) {
    size_t limit = os_limit(), least = (size_t)1 << 36, want = os_physical() * 2;
    if (limit < want / 8) {
        want = limit * 8;
        least = (size_t)1 << 28;
    }
    size_t cover = least;
    while (cover < want && cover < (size_t)1 << 44)
        cover <<= 1;
    return cover;
}

/* The table is to be written to a part at a time, from when a record there is in use for the first
 * time: where the system counts what every process could write to (vm.overcommit_memory = 2), all
 * of it would be counted for each process, and mlockall() would make it resident. */
#define PARTS_MOST 1024
#define PART_LEAST ((size_t)1 << 20)
static uint64_t open_parts[PARTS_MOST / 64];
static size_t part_bytes;

static size_t part_of(size_t bytes) {
    size_t part = bytes / PARTS_MOST > PART_LEAST ? bytes / PARTS_MOST : PART_LEAST;
    return part < bytes ? part : bytes;
}

/* Where memory is short, an arena's records alone. */
bool owner_open(const struct pool *record) {
    char *table = (char *)address_map.records;
    size_t at = (size_t)((const char *)record - table), part = at / part_bytes;
    uint64_t bit = (uint64_t)1 << part % 64;
    if ((open_parts[part / 64] & bit) != 0)
        return true;
    if (!os_open(table + part * part_bytes, part_bytes))
        return os_open(table + (at & ~(OWNER_OPEN_LEAST - 1)), OWNER_OPEN_LEAST);
    open_parts[part / 64] |= bit;
    return true;
}

bool owner_start(void) {
    os_huge_prepare(); /* nothing was taken yet, and so nothing given back */
    for (size_t cover = coverage(); cover >= (size_t)1 << 26; cover >>= 2) {
        size_t bytes = (cover >> POOL_SHIFT) * sizeof(struct pool);
        struct pool *records = os_reserve(bytes);
        if (records != NULL) {
            if (os_huge_unasked) /* few records of each part are in use */
                os_small(records, bytes);
            part_bytes = part_of(bytes);
            address_map.mask = bytes - sizeof(struct pool);
            address_map.records = records;
            libpool_root.records = records;
            libpool_root.mask = address_map.mask;
            return true;
        }
    }
    return false;
}

RACY struct pool *owner_pool(const void *p) {
    struct pool *pool = owner_record(p);
    size_t offset = (uintptr_t)p - (uintptr_t)pool->base;
    switch (pool->state) {
    case POOL_USED:
    case POOL_FULL:
        return offset < POOL_BYTES ? pool : NULL;
    case POOL_RUN:
    case POOL_LARGE:
        return offset < (size_t)pool->run_pools << POOL_SHIFT ? pool : NULL;
    case POOL_BODY:
        return offset < (size_t)pool->run_pools << POOL_SHIFT ? owner_record(pool->base) : NULL;
    default:
        return NULL;
    }
}

void owner_purge(struct pool *first) {
    static_assert(ARENA_POOLS * sizeof(struct pool) % OS_PAGE == 0, "records fill whole pages");
    /* Refused where the system's memory pages are larger than this. */
    if (!os_purge(first, ARENA_POOLS * sizeof(struct pool)))
        memset(first, 0, ARENA_POOLS * sizeof(struct pool));
}
