#include "decay.h"

#include "os.h"
#include "pool.h"
#include "racy.h"
#include "root.h"

struct pool_conf pool_conf = {
    .keep_bytes = (size_t)512 << 10,
    .keep_share = 8,
    .decay_ms = 1000,
    .huge = true,
};

/* A small program that goes round all size classes holds little but needs a pool of each. */
#define BOUNCE_FLOOR ((uint64_t)1 << 20)
/* A program that sleeps forgets nothing: more than this and a share of what is live is never kept
 * for having bounced. Single pools, which any request can use and which come back a few at a time,
 * need less of it than runs and mappings: a cache whose sizes shift kept an eighth of its heap for
 * one page fault in seven, where blocks of 20 to 500 KB, keeping a quarter, take one in three. */
#define BOUNCE_MOST   ((uint64_t)8 << 20)
#define POOLS_SHARE   64
#define RUNS_SHARE    4
#define MAPPING_SHARE 2
/* And of what live fell by of late, in waves. */
#define FALLEN_MOST ((uint64_t)128 << 20)

#define RISEN_SHARE 3
/* Fewer mappings may wait for larger ones: a table that doubles keeps what it was before. */
#define IDLE_SHARE 4

static struct {
    uint64_t live;        /* bytes of pools, runs and large blocks in use */
    uint64_t runs;        /* of these, runs */
    uint64_t risen;       /* by so much live rose above its last low, up to a share of it */
    uint64_t peak;        /* most that was live of late */
    uint64_t low;         /* least, since something was given back */
    uint64_t kept;        /* bytes free but kept */
    uint64_t bounced;     /* learnt allowance */
    uint64_t recent;      /* given back not long ago */
    uint64_t least_kept;  /* low water of kept in this period: never needed */
    uint64_t grown;       /* of pools from the OS since mappings last came and went */
    uint64_t period_ends; /* ms */
} decay;

/* Once per period: forget half of what was not needed, and half of what was given back. */
static void fade(void) {
    if (decay.bounced == 0 && decay.recent == 0)
        return;
    uint64_t now = os_now_ms();
    if (now < decay.period_ends)
        return;
    uint64_t periods = 1 + (now - decay.period_ends) / (pool_conf.decay_ms + 1);
    uint64_t idle = periods > 4 ? decay.bounced : decay.least_kept;
    decay.bounced = idle / 2 < decay.bounced ? decay.bounced - idle / 2 : 0;
    decay.recent = periods > 1 ? 0 : decay.recent / 2;
    decay.least_kept = decay.kept;
    decay.peak = periods > 4 ? decay.live : decay.live + (decay.peak - decay.live) / 2;
    decay.low = periods > 4 ? decay.live : decay.low + (decay.live - decay.low) / 4;
    decay.period_ends = now + pool_conf.decay_ms;
    /* Until something is given back nobody comes here again. */
    if (decay.bounced == 0 && decay.recent == 0)
        decay.peak = decay.low = decay.live;
}

/* Work that comes in waves, each allocating anew what the last one freed: with what bounced kept,
 * no more is resident than was live already. Not where live merely goes up and down, as in a cache:
 * its RSS would stay at the highest. `other` is kept elsewhere. */
static uint64_t fallen(uint64_t other) {
    uint64_t by = decay.low <= decay.peak / 2 ? decay.peak - decay.live : 0;
    by = by > other ? by - other : 0;
    return by < FALLEN_MOST ? by : FALLEN_MOST;
}

/* The options' part. */
static RACY uint64_t fixed(void) {
    return pool_conf.keep_bytes + decay.live / 256 * pool_conf.keep_share;
}

/* With that, what was learnt, up to a share of live and what live fell by, or what may
 * rise again. */
static uint64_t allowance(uint64_t share, uint64_t other) {
    fade();
    uint64_t most = BOUNCE_MOST + share + fallen(other);
    uint64_t learnt = decay.bounced < most ? decay.bounced : most;
    return fixed() + (learnt > decay.risen ? learnt : decay.risen);
}

RACY bool decay_idle(void) {
    uint64_t cached = libpool_root.large.cached_bytes;
    return decay.grown >= cached && cached > fixed() + decay.live / IDLE_SHARE;
}

uint64_t decay_allowed(void) {
    uint64_t allowed = allowance(decay.live / MAPPING_SHARE, libpool_root.cached_pools_bytes);
    if (decay_idle())
        allowed = fixed();
    libpool_root.keep_bytes = allowed;
    return allowed;
}

uint64_t decay_allowed_pools(uint64_t held) {
    uint64_t share = decay.runs / RUNS_SHARE + decay.live / POOLS_SHARE;
    uint64_t allowed = allowance(share, libpool_root.large.cached_bytes);
    return allowed > held ? allowed - held : 0;
}

/* 512 small ones take about 1.1 ms; a huge one 0.3, or several when the host has to find it. */
#define HUGE_SLOW_NS 700000
static bool huge_slow;

void decay_huge_took(uint64_t nanoseconds) {
    if (nanoseconds > HUGE_SLOW_NS)
        huge_slow = true;
}

bool decay_huge(uint64_t bytes) {
    return pool_conf.huge && !huge_slow && bytes <= decay.live / 32;
}

RACY bool decay_due(uint64_t now_ms) {
    return decay.bounced > 0 && now_ms >= decay.period_ends;
}

RACY uint64_t decay_live_about(void) {
    return decay.live;
}

RACY uint64_t decay_runs_about(void) {
    return decay.runs;
}

RACY bool decay_fell(void) {
    return decay.live < decay.peak / 2;
}

uint64_t decay_kept(void) {
    return decay.kept;
}

void decay_pools_fresh(uint64_t bytes) {
    decay.grown += bytes;
    decay_fresh(bytes);
}

void decay_mappings_change(void) {
    decay.grown = 0;
}

void decay_keep(uint64_t bytes) {
    decay.kept += bytes;
}

void decay_reuse(uint64_t bytes) {
    decay.kept -= bytes;
    if (decay.kept < decay.least_kept)
        decay.least_kept = decay.kept;
}

void decay_gave_back(uint64_t bytes) {
    decay.kept -= bytes;
    if (decay.recent == 0) {
        decay.period_ends = os_now_ms() + pool_conf.decay_ms;
        if (decay.bounced == 0)
            decay.low = decay.live;
    }
    decay.recent += bytes;
    root_count(EVENT_PURGED_BYTES, bytes);
    root_count(EVENT_PURGE_CALLS, 1);
}

void decay_fresh(uint64_t bytes) {
    if (decay.recent == 0)
        return;
    fade();
    uint64_t bounce = bytes < decay.recent ? bytes : decay.recent;
    decay.recent -= bounce;
    /* What was allowed for another reason was not enough either. */
    if (decay.bounced < decay.risen)
        decay.bounced = decay.risen;
    decay.bounced += 2 * bounce;
    if (decay.bounced > decay.peak)
        decay.bounced = decay.peak > BOUNCE_FLOOR ? decay.peak : BOUNCE_FLOOR;
    root_count(EVENT_BOUNCED_BYTES, bounce);
}

/* What fell by less than half the share is kept whole: with a third, never more than a fifth of
 * what stays live, even if the program sleeps from then on. */
static void rise(int64_t bytes) {
    uint64_t most = decay.live / RISEN_SHARE, fall = (uint64_t)-bytes;
    if (bytes > 0)
        decay.risen += (uint64_t)bytes;
    else
        decay.risen = decay.risen > fall ? decay.risen - fall : 0;
    if (decay.risen > most)
        decay.risen = most;
}

void decay_runs(int64_t bytes) {
    decay.runs += (uint64_t)bytes;
}

void decay_live(int64_t bytes) {
    decay.live += (uint64_t)bytes;
    if (decay.live > decay.peak)
        decay.peak = decay.live;
    if (decay.live < decay.low)
        decay.low = decay.live;
    rise(bytes);
}
