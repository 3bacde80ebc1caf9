#include "rows.h"

const char *const rows_event_name[EVENT_COUNT] = {
    [EVENT_ARENA_MAPPED] = "arenas mapped",
    [EVENT_ARENA_UNMAPPED] = "arenas unmapped",
    [EVENT_POOL_TAKEN] = "pools taken",
    [EVENT_POOL_RETURNED] = "pools returned",
    [EVENT_RUN_TAKEN] = "runs taken",
    [EVENT_RUN_RETURNED] = "runs returned",
    [EVENT_LARGE_MAPPED] = "large mapped",
    [EVENT_LARGE_UNMAPPED] = "large unmapped",
    [EVENT_LARGE_REUSED] = "large reused",
    [EVENT_LARGE_REMAPPED] = "large remapped",
    [EVENT_PURGE_CALLS] = "purge calls",
    [EVENT_PURGED_BYTES] = "bytes purged",
    [EVENT_BOUNCED_BYTES] = "bytes bounced",
    [EVENT_HEAP_CREATED] = "heaps created",
    [EVENT_HEAP_ABANDONED] = "heaps abandoned",
    [EVENT_HEAP_ADOPTED] = "heaps adopted",
    [EVENT_OUT_OF_MEMORY] = "out of memory",
    [EVENT_TRIM] = "trims",
    [EVENT_FORK] = "forks",
};
