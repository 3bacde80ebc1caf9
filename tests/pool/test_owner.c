#include "owner.h"

#include <stdio.h>
#include <sys/resource.h>

#include "arena.h"
#include "support.h"

static const uintptr_t edges[] = {0,
                                  1,
                                  16,
                                  4095,
                                  4096,
                                  ARENA_BYTES,
                                  (uintptr_t)1 << 46,
                                  ((uintptr_t)1 << 47) - 1,
                                  (uintptr_t)1 << 47,
                                  INTPTR_MAX,
                                  (uintptr_t)INTPTR_MAX + 1,
                                  UINTPTR_MAX - 1,
                                  UINTPTR_MAX};

/* Any pointer whatever: none may be called ours but those that are. Returns how many were. */
static uint32_t ask_at_random(uint32_t questions) {
    uint64_t state = 17;
    uint32_t found = 0;
    for (uint32_t i = 0; i < questions; i++) {
        uintptr_t p = random_next(&state) >> random_next(&state) % 48;
        found += owner_pool((const void *)p) != NULL;
    }
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        found += owner_pool((const void *)edges[i]) != NULL;
    return found;
}

static void test_before_start(void) {
    CU_ASSERT(!owner_started());
    CU_ASSERT_EQUAL(ask_at_random(100000), 0);
    CU_ASSERT_PTR_NULL(owner_pool(&edges));
}

static void test_start(void) {
    arena_lock();
    CU_ASSERT(owner_start());
    arena_unlock();
    CU_ASSERT(owner_started());
    CU_ASSERT_EQUAL(libpool_root.mask, address_map.mask);
    CU_ASSERT_PTR_EQUAL(libpool_root.records, address_map.records);
    CU_ASSERT_EQUAL(ask_at_random(100000), 0);
    for (uint64_t i = 0; i < 64; i++) /* each pool of an address range has a record of its own */
        CU_ASSERT_PTR_EQUAL(owner_record((void *)(i * POOL_BYTES)), address_map.records + i);
}

static void write_record(void *record) {
    ((volatile struct pool *)record)->touched = 1;
}

/* What is not in use is read only: written to it would be counted for the process. */
static void test_open(void) {
    struct pool *far = address_map.records + address_map.mask / sizeof(struct pool);
    CU_ASSERT_EQUAL(stopped_for(write_record, far), CRASHED);
    CU_ASSERT_EQUAL(stopped_for(write_record, far - ARENA_POOLS + 1), CRASHED);
    arena_lock();
    CU_ASSERT(owner_open(far));
    CU_ASSERT(owner_open(far));
    arena_unlock();
    CU_ASSERT_EQUAL(stopped_for(write_record, far), RETURNED);
    CU_ASSERT_EQUAL(stopped_for(write_record, far - ARENA_POOLS + 1), RETURNED);
    CU_ASSERT_EQUAL(stopped_for(write_record, address_map.records + address_map.mask / 256),
                    CRASHED);
}

static size_t data_bytes(void) {
    char line[128];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "VmData: %zu", &kib);
    if (file != NULL)
        fclose(file);
    return kib << 10;
}

static void write_when_short(void *record) {
    struct rlimit limit;
    getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = data_bytes() + 4 * OWNER_OPEN_LEAST;
    setrlimit(RLIMIT_DATA, &limit);
    arena_lock();
    bool open = owner_open(record);
    arena_unlock();
    if (open)
        write_record(record);
}

/* Where there is no memory for a whole part, the records that are asked for. */
static void test_open_short(void) {
    struct pool *record = address_map.records + address_map.mask / sizeof(struct pool) / 2;
    CU_ASSERT_EQUAL(stopped_for(write_record, record), CRASHED);
    CU_ASSERT_EQUAL(stopped_for(write_when_short, record), RETURNED);
    CU_ASSERT_EQUAL(stopped_for(write_when_short, record - 1), RETURNED);
}

/* Every byte of a run is its own, and none next to it. */
static void test_run(void) {
    struct pool *run = take_run(3);
    for (uint32_t i = 0; i < 3; i++) {
        run[i].base = run->base;
        run[i].run_pools = 3;
    }
    for (size_t offset = 0; offset < 3 * POOL_BYTES; offset += 7)
        if (owner_pool(run->base + offset) != run)
            CU_FAIL_FATAL("not found");
    CU_ASSERT_PTR_EQUAL(owner_pool(run->base + 3 * POOL_BYTES - 1), run);
    CU_ASSERT_PTR_NULL(owner_pool(run->base - 1));
    CU_ASSERT_PTR_NULL(owner_pool(run->base + 3 * POOL_BYTES));
    /* Far pointers that share its records. */
    size_t covered = (address_map.mask / sizeof(struct pool) + 1) * POOL_BYTES;
    for (size_t k = 1; k < 64; k++) {
        CU_ASSERT_PTR_EQUAL(owner_record(run->base + k * covered), run);
        CU_ASSERT_PTR_NULL(owner_pool(run->base + k * covered));
        CU_ASSERT_PTR_NULL(owner_pool(run->base - k * covered));
    }
    char *base = run->base;
    arena_return(run, 3);
    CU_ASSERT_PTR_NULL(owner_pool(base));
    arena_purge(0);
    CU_ASSERT_PTR_NULL(owner_pool(base));
    CU_ASSERT_EQUAL(ask_at_random(1000000), 0);
}

CU_TestInfo owner_tests[] = {
    {"before the table is there", test_before_start},
    {"start", test_start},
    {"opened as needed", test_open},
    {"opened where memory is short", test_open_short},
    {"a run, and addresses that share its records", test_run},
    CU_TEST_INFO_NULL,
};
