#include "recent.h"

#include "arena_set.h"
#include "os.h"

/* About what a processor's own cache holds: with 16 pools, blocks that two threads take and free in
 * rounds of 700 KB took a tenth longer, with 128 no less than with 32. */
#define NOTES 32
/* More processors than these share. */
#define PROCESSORS 32

static struct notes {
    uint32_t count; /* the newest is before it; modulo 2^32 */
    struct pool *pool[NOTES];
} notes[PROCESSORS];

static struct notes *here(void) {
    return &notes[os_processor() % PROCESSORS];
}

void recent_note(struct pool *pool) {
    struct notes *own = here();
    own->pool[own->count++ % NOTES] = pool;
}

/* (An arena that was unmapped leaves records without one.) */
static bool usable(const struct pool *pool, bool run) {
    const struct arena *arena = pool->arena;
    if (arena == NULL || (run && arena->huge))
        return false;
    return (arena->free & arena->dirty) >> arena_place(pool) & 1;
}

struct pool *recent_find(bool run) {
    struct notes *own = here();
    for (;;) {
        struct pool **newest = &own->pool[(own->count - 1) % NOTES], *pool = *newest;
        if (pool == NULL)
            return NULL;
        *newest = NULL;
        own->count--;
        if (usable(pool, run))
            return pool;
    }
}
