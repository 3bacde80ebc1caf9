#include "decay.h"

#include "os.h"
#include "pool.h"
#include "root.h"

struct decay decay;

struct pool_conf pool_conf = {
    .keep_bytes = (size_t)1 << 20,
    .keep_share = 32,
    .decay_ms = 1000,
    .huge = true,
};

static uint64_t get(_Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void put(_Atomic uint64_t *counter, uint64_t value) {
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static void add(_Atomic uint64_t *counter, int64_t value) {
    atomic_fetch_add_explicit(counter, (uint64_t)value, memory_order_relaxed);
}

/* Once per period: forget half of what was not needed, and half of what was given back. */
static void fade(void) {
    uint64_t now = os_now_ms(), ends = get(&decay.period_ends);
    if (now < ends)
        return;
    if (!atomic_compare_exchange_strong(&decay.period_ends, &ends, now + pool_conf.decay_ms))
        return;
    uint64_t idle = get(&decay.least_kept), bounced = get(&decay.bounced);
    uint64_t periods = ends == 0 ? 0 : 1 + (now - ends) / (pool_conf.decay_ms + 1);
    if (periods > 4)
        idle = bounced;
    put(&decay.bounced, idle / 2 < bounced ? bounced - idle / 2 : 0);
    put(&decay.recent, periods > 1 ? 0 : get(&decay.recent) / 2);
    put(&decay.least_kept, get(&decay.kept));
}

uint64_t decay_allowed(void) {
    uint64_t live = get(&decay.live);
    uint64_t allowed =
        pool_conf.keep_bytes + live / 256 * pool_conf.keep_share + get(&decay.bounced);
    put(&libpool_root.keep_bytes, allowed);
    return allowed;
}

void decay_keep(uint64_t bytes) {
    add(&decay.kept, (int64_t)bytes);
    fade();
}

void decay_reuse(uint64_t bytes) {
    add(&decay.kept, -(int64_t)bytes);
    uint64_t kept = get(&decay.kept);
    if (kept < get(&decay.least_kept))
        put(&decay.least_kept, kept);
}

void decay_gave_back(uint64_t bytes) {
    add(&decay.kept, -(int64_t)bytes);
    add(&decay.recent, (int64_t)bytes);
    root_count(EVENT_PURGED_BYTES, bytes);
    root_count(EVENT_PURGE_CALLS, 1);
}

void decay_fresh(uint64_t bytes) {
    uint64_t recent = get(&decay.recent);
    if (recent == 0)
        return;
    fade();
    uint64_t bounce = bytes < recent ? bytes : recent;
    add(&decay.recent, -(int64_t)bounce);
    add(&decay.bounced, (int64_t)bounce);
    root_count(EVENT_BOUNCED_BYTES, bounce);
}

void decay_live(int64_t bytes) {
    add(&decay.live, bytes);
}
