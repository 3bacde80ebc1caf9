#define _GNU_SOURCE
#include "decay.h"

#include <unistd.h>

#include "support.h"

#define MIB ((uint64_t)1 << 20)

#define PERIOD_MS 250

static struct pool_conf usual;

/* What is learnt lasts while it is of use: until so much lay kept for long that nothing is left. */
static void forget(void) {
    uint64_t idle = decay_allowed();
    decay_keep(idle);
    for (int i = 0; i < 100 && decay_allowed() > pool_conf.keep_bytes; i++)
        usleep(PERIOD_MS * 1500);
    CU_ASSERT_EQUAL(decay_allowed(), pool_conf.keep_bytes);
    decay_gave_back(idle);
    usleep(PERIOD_MS * 3500);
    CU_ASSERT_EQUAL(decay_allowed(), pool_conf.keep_bytes);
}

static void test_conf(void) {
    pool_conf.decay_ms = PERIOD_MS;
    usual = pool_conf;
    CU_ASSERT_EQUAL(decay_kept(), 0);
    CU_ASSERT_EQUAL(decay_allowed(), pool_conf.keep_bytes);
    pool_conf.keep_bytes = 7 * MIB;
    CU_ASSERT_EQUAL(decay_allowed(), 7 * MIB);
    CU_ASSERT_EQUAL(libpool_root.keep_bytes, 7 * MIB);
    pool_conf.keep_bytes = 0;
    CU_ASSERT_EQUAL(decay_allowed(), 0);
    pool_conf = usual;
}

/* Live from 0 to `bytes`, by way of twice as many: nothing lies above the last low then. */
static void settle(uint64_t bytes) {
    decay_live((int64_t)(2 * bytes));
    decay_live(-(int64_t)bytes);
}

/* So long ago that what was live before is forgotten. */
static void age(void) {
    decay_keep(1);
    decay_gave_back(1);
    usleep(PERIOD_MS * 6000);
    (void)decay_allowed();
}

static void test_share(void) {
    pool_conf.keep_bytes = MIB;
    pool_conf.keep_share = 64;
    settle(256 * MIB);
    CU_ASSERT_EQUAL(decay_allowed(), MIB + 64 * MIB);
    decay_live(-(int64_t)(128 * MIB));
    CU_ASSERT_EQUAL(decay_allowed(), MIB + 32 * MIB);
    decay_live(-(int64_t)(128 * MIB));
    CU_ASSERT_EQUAL(decay_allowed(), MIB);
    pool_conf = usual;
}

static void test_kept(void) {
    decay_keep(10 * MIB);
    decay_keep(5 * MIB);
    CU_ASSERT_EQUAL(decay_kept(), 15 * MIB);
    decay_reuse(6 * MIB);
    CU_ASSERT_EQUAL(decay_kept(), 9 * MIB);
    uint64_t calls = event(EVENT_PURGE_CALLS), bytes = event(EVENT_PURGED_BYTES);
    decay_gave_back(9 * MIB);
    CU_ASSERT_EQUAL(decay_kept(), 0);
    CU_ASSERT_EQUAL(event(EVENT_PURGE_CALLS), calls + 1);
    CU_ASSERT_EQUAL(event(EVENT_PURGED_BYTES), bytes + 9 * MIB);
}

/* Fresh memory right after giving back raises what may be kept; memory that was never given back
 * does not. */
static void test_bounce(void) {
    forget();
    settle(100 * MIB);
    uint64_t before = decay_allowed();
    decay_fresh(1000 * MIB);
    decay_keep(20 * MIB);
    decay_gave_back(20 * MIB);
    CU_ASSERT_EQUAL(decay_allowed(), before);
    uint64_t bounced = event(EVENT_BOUNCED_BYTES);
    decay_fresh(8 * MIB);
    CU_ASSERT(event(EVENT_BOUNCED_BYTES) >= bounced + 8 * MIB);
    CU_ASSERT(decay_allowed() >= before + 8 * MIB);
    decay_live(-(int64_t)(100 * MIB));
    forget();
}

static uint64_t always(uint64_t live) {
    return pool_conf.keep_bytes + live / 256 * pool_conf.keep_share;
}

static void expect_risen(uint64_t live, uint64_t risen) {
    CU_ASSERT_EQUAL(decay_allowed(), always(live) + risen);
    CU_ASSERT_EQUAL(decay_allowed_pools(0), always(live) + risen);
    CU_ASSERT_EQUAL(decay_allowed_pools(MIB / 2), always(live) + risen - MIB / 2);
    CU_ASSERT_EQUAL(decay_allowed_pools(1000 * MIB), 0);
}

/* What a program at work gave up is kept as long as live is as far above its last low; one that
 * goes on freeing keeps nothing by that. */
static void test_risen(void) {
    expect_risen(0, 0);
    decay_live((int64_t)(96 * MIB));
    expect_risen(96 * MIB, 32 * MIB);
    decay_live(-(int64_t)(10 * MIB));
    expect_risen(86 * MIB, 22 * MIB);
    decay_live((int64_t)(4 * MIB));
    expect_risen(90 * MIB, 26 * MIB);
    for (int i = 0; i < 60; i++)
        decay_live(-(int64_t)MIB);
    expect_risen(30 * MIB, 0);
    decay_live((int64_t)MIB);
    expect_risen(31 * MIB, MIB);
    decay_live(-(int64_t)(31 * MIB));
    expect_risen(0, 0);
}

/* However much bounces, what may be kept is bounded by what the program holds. */
static void test_bounded(void) {
    decay_live((int64_t)(10 * MIB));
    for (int i = 0; i < 100; i++) {
        decay_keep(50 * MIB);
        decay_gave_back(50 * MIB);
        decay_fresh(50 * MIB);
    }
    CU_ASSERT(decay_allowed() <= pool_conf.keep_bytes + 20 * MIB);
    decay_live(-(int64_t)(10 * MIB));
    forget();
}

/* Pools that go round in a large heap are a small share of it, but for runs. */
static void test_bounded_pools(void) {
    settle(256 * MIB);
    age();
    decay_keep(30 * MIB);
    decay_gave_back(30 * MIB);
    decay_fresh(30 * MIB);
    CU_ASSERT(decay_allowed_pools(0) > always(256 * MIB) + 8 * MIB);
    CU_ASSERT(decay_allowed_pools(0) <= always(256 * MIB) + 12 * MIB);
    decay_runs((int64_t)(64 * MIB));
    CU_ASSERT(decay_allowed_pools(0) > always(256 * MIB) + 24 * MIB);
    CU_ASSERT(decay_allowed_pools(0) <= always(256 * MIB) + 28 * MIB);
    decay_runs(-(int64_t)(64 * MIB));
    decay_live(-(int64_t)(256 * MIB));
    forget();
}

/* That live fell is not remembered for ever, although nothing is given back any more. */
static void test_fell(void) {
    decay_live((int64_t)(64 * MIB));
    CU_ASSERT_EQUAL(decay_live_about(), 64 * MIB);
    CU_ASSERT(!decay_fell());
    decay_live(-(int64_t)(48 * MIB));
    decay_keep(MIB);
    decay_gave_back(MIB);
    CU_ASSERT(decay_fell());
    usleep(PERIOD_MS * 2500);
    (void)decay_allowed();
    CU_ASSERT(!decay_fell());
    decay_live(-(int64_t)(16 * MIB));
    forget();
}

static void wave(uint64_t bytes) {
    decay_fresh(bytes);
    decay_live((int64_t)bytes);
    decay_live(-(int64_t)bytes);
    decay_keep(bytes);
    decay_gave_back(bytes);
}

/* What each wave of work allocates anew is kept between them, once it has bounced, and not longer
 * than they come. */
static void test_waves(void) {
    wave(40 * MIB);
    CU_ASSERT_EQUAL(decay_allowed(), always(0));
    wave(40 * MIB);
    CU_ASSERT_EQUAL(decay_allowed(), always(0) + 40 * MIB);
    CU_ASSERT_EQUAL(decay_allowed_pools(0), always(0) + 40 * MIB);
    libpool_root.cached_pools_bytes += 30 * MIB; /* what the other kind keeps is resident already */
    CU_ASSERT_EQUAL(decay_allowed(), always(0) + 18 * MIB);
    CU_ASSERT_EQUAL(decay_allowed_pools(0), always(0) + 40 * MIB);
    libpool_root.cached_pools_bytes -= 30 * MIB;
    wave(200 * MIB);
    wave(200 * MIB);
    CU_ASSERT(decay_allowed() >= always(0) + 128 * MIB);
    CU_ASSERT(decay_allowed() <= always(0) + 136 * MIB);
    age();
    CU_ASSERT(decay_allowed() <= always(0) + 8 * MIB);
    forget();
}

/* One that falls by a third and rises again keeps no more of it than before. */
static void test_ripples(void) {
    settle(240 * MIB);
    age();
    for (int i = 0; i < 4; i++) {
        decay_live(-(int64_t)(80 * MIB));
        decay_keep(40 * MIB);
        decay_gave_back(40 * MIB);
        CU_ASSERT(decay_allowed_pools(0) <= always(160 * MIB) + 11 * MIB);
        decay_fresh(40 * MIB);
        decay_live((int64_t)(80 * MIB));
    }
    decay_live(-(int64_t)(240 * MIB));
    age();
    forget();
}

/* Mappings that nobody asks for while pools take as much from the OS are not kept for having
 * bounced, or because live rose. */
static void test_idle(void) {
    decay_live((int64_t)(60 * MIB));
    libpool_root.large.cached_bytes = 18 * MIB;
    decay_mappings_change();
    uint64_t usual_most = decay_allowed();
    CU_ASSERT(usual_most > 18 * MIB);
    decay_pools_fresh(18 * MIB - 1);
    CU_ASSERT(!decay_idle());
    CU_ASSERT_EQUAL(decay_allowed(), usual_most);
    decay_pools_fresh(1);
    CU_ASSERT(decay_idle());
    CU_ASSERT_EQUAL(decay_allowed(), always(60 * MIB));
    CU_ASSERT(decay_allowed_pools(0) > always(60 * MIB));
    decay_mappings_change();
    CU_ASSERT(!decay_idle());
    CU_ASSERT_EQUAL(decay_allowed(), usual_most);
    decay_pools_fresh(100 * MIB);
    libpool_root.large.cached_bytes = 17 * MIB; /* a quarter of live may wait */
    CU_ASSERT(!decay_idle());
    libpool_root.large.cached_bytes = 0;
    decay_live(-(int64_t)(60 * MIB));
    age();
    forget();
}

CU_TestInfo decay_tests[] = {
    {"options count at once", test_conf},
    {"a share of what is live", test_share},
    {"kept", test_kept},
    {"what may rise again", test_risen},
    {"bounces are learnt", test_bounce},
    {"within bounds", test_bounded},
    {"pools within less", test_bounded_pools},
    {"how long live has fallen", test_fell},
    {"waves", test_waves},
    {"ripples", test_ripples},
    {"mappings of no use", test_idle},
    CU_TEST_INFO_NULL,
};
