/* Free pools' memory goes back to the OS.
 *
 * Not a stretch at a time and not under the arena lock: where several threads run, each call
 * interrupts the other processors, and all who want pools would wait for that. So stretches are
 * gathered under the lock, up to BATCH; on their way back they are neither free nor in use
 * (arena.leaving); then they are free and clean. */
#include "arena.h"

#include "arena_set.h"
#include "decay.h"
#include "os.h"
#include "pool_map.h"
#include "root.h"

#define BATCH OS_PURGE_MOST

struct batch {
    uint32_t fewer; /* arenas with as many free pools, or more, have been looked at */
    uint32_t count;
    uint64_t refused; /* bit i: the OS did not take range[i] */
    struct iovec range[BATCH];
    struct arena *arena[BATCH];
};

/* Held while anything is leaving: who needs all there is waits for it, as a fork does. Taken before
 * the arena lock. */
static struct lock purging;

void arena_purge_lock(void) {
    lock_take(&purging);
}

void arena_purge_unlock(void) {
    lock_release(&purging);
}

static uint64_t pools_of(const struct batch *batch, uint32_t i) {
    const struct iovec *range = &batch->range[i];
    size_t offset = (size_t)((char *)range->iov_base - batch->arena[i]->base);
    return mask_of((uint32_t)(offset >> POOL_SHIFT), (uint32_t)(range->iov_len >> POOL_SHIFT));
}

static bool more_wanted(const struct batch *batch, uint64_t keep) {
    return libpool_root.cached_pools_bytes > keep && batch->count < BATCH;
}

/* What came with a huge page and was never handed out is resident all the same, as nobody's: from
 * now on, the page being in small pieces, as free memory like any other. They have to stay small,
 * or the kernel makes one huge page of them again, some seconds later, and what was given back is
 * resident. (It may have come unasked.) */
static void take_apart(struct arena *arena) {
    uint64_t untouched = arena->free & ~arena->dirty;
    os_small(arena->base, ARENA_BYTES);
    arena_set_remove(arena);
    arena->huge = arena->whole = 0;
    arena_set_add(arena);
    arena->dirty |= untouched;
    libpool_root.cached_pools_bytes += bytes_of(untouched);
    decay_keep(bytes_of(untouched));
}

/* Puts the arena's free dirty pools into the batch, whole stretches, as many as there is room for.
 */
static void gather_from(struct arena *arena, struct batch *batch) {
    if ((arena->free & arena->dirty) == 0)
        return;
    if (arena->whole)
        take_apart(arena);
    uint64_t left = arena->free & arena->dirty, gone = 0;
    while (left != 0 && batch->count < BATCH) {
        uint64_t stretch = first_stretch(left);
        size_t offset = (size_t)__builtin_ctzll(stretch) << POOL_SHIFT;
        batch->arena[batch->count] = arena;
        batch->range[batch->count++] = (struct iovec){arena->base + offset, bytes_of(stretch)};
        left &= ~stretch;
        gone |= stretch;
    }
    arena->leaving |= gone;
    arena_set_free(arena, arena->free & ~gone);
    libpool_root.cached_pools_bytes -= bytes_of(gone);
}

static bool gather_bucket(struct arena *arena, struct batch *batch, uint64_t keep) {
    bool any = false;
    for (struct arena *next; arena != NULL && more_wanted(batch, keep); arena = next) {
        next = arena->next;
        any |= (arena->free & arena->dirty) != 0;
        if (arena->free_count == ARENA_POOLS)
            arena_drop(arena);
        else
            gather_from(arena, batch);
    }
    return any;
}

/* Emptiest arenas first: what they hold is least likely to be filled soon. True: something goes. */
static bool gather(struct batch *batch, uint64_t keep) {
    bool any = false;
    batch->count = 0;
    for (; batch->fewer > 0 && more_wanted(batch, keep); batch->fewer--) {
        for (int set = 0; set < SETS; set++)
            any |= gather_bucket(arena_set[set].bucket[batch->fewer], batch, keep);
        if (batch->count == BATCH)
            break;
    }
    return any;
}

/* They are free again: clean, or dirty if they were refused (locked memory). */
static void come_back(struct arena *arena, uint64_t pools, bool clean) {
    arena->leaving &= ~pools;
    arena_set_free(arena, arena->free | pools);
    if (clean)
        arena->dirty &= ~pools;
    else
        libpool_root.cached_pools_bytes += bytes_of(pools);
}

/* What went back is free again. What was refused stays where it is until the end, or it would be
 * gathered for ever. */
static void settle(struct batch *batch) {
    uint64_t gone = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->refused >> i & 1)
            continue;
        come_back(batch->arena[i], pools_of(batch, i), true);
        gone += batch->range[i].iov_len;
    }
    if (gone > 0)
        decay_gave_back(gone);
}

static void settle_refused(void) {
    for (struct arena *a = libpool_root.arenas; a != NULL; a = a->all_next)
        if (a->leaving != 0)
            come_back(a, a->leaving, false);
}

/* An arena whose memory is with the OS already still takes address space. */
static bool drop_clean(void) {
    bool any = false;
    for (int set = 0; set < SETS; set++)
        for (struct arena *a; (a = arena_set[set].bucket[ARENA_POOLS]) != NULL; any = true)
            arena_drop(a);
    return any;
}

static bool purge(uint64_t keep) {
    struct batch batch;
    bool any = false, refused = false;
    batch.fewer = ARENA_POOLS;
    batch.count = 0;
    do {
        arena_lock();
        settle(&batch);
        any |= gather(&batch, keep);
        if (batch.count == 0 && refused)
            settle_refused();
        if (batch.count == 0 && keep == 0)
            any |= drop_clean();
        arena_unlock();
        batch.refused = os_purge_many(batch.range, batch.count);
        refused |= batch.refused != 0;
    } while (batch.count > 0);
    return any;
}

bool arena_purge(uint64_t keep) {
    /* Another thread that is at it sees what is too much just as well. */
    if (keep == 0)
        lock_take(&purging);
    else if (!lock_try(&purging))
        return false;
    bool any = purge(keep);
    lock_release(&purging);
    return any;
}
