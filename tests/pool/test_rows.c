#include "rows.h"

#include <string.h>

#include "heap_slow.h"
#include "owner.h"
#include "support.h"

#define BLOCKS 3000

static struct {
    char *at;
    size_t size;
} block[BLOCKS];

static struct rows_class classes[ROWS_CLASSES];
static struct rows_heap heaps[64];

struct seen {
    struct rows_total arenas; /* added up from the rows */
    uint32_t heaps, large_ranges, metadata_ranges;
    uint64_t large, cached;
};

static bool add_arena(void *context, const struct rows_arena *row) {
    struct rows_total *sum = &((struct seen *)context)->arenas;
    uint64_t free_pools = row->free_clean + row->free_dirty;
    CU_ASSERT_EQUAL(row->pools + row->run_pools + free_pools, ARENA_POOLS);
    CU_ASSERT_EQUAL(row->live_bytes + row->free_bytes + row->uncarved_bytes + row->rounding_bytes +
                        free_pools * POOL_BYTES,
                    ARENA_BYTES);
    sum->arenas++;
    sum->pools += row->pools;
    sum->live_bytes += row->live_bytes;
    sum->live_blocks += row->live_blocks;
    sum->free_bytes += row->free_bytes;
    sum->uncarved_bytes += row->uncarved_bytes;
    return true;
}

static bool add_heap(void *context, const struct rows_heap *row) {
    ((struct seen *)context)->heaps++;
    CU_ASSERT(row->current_free_blocks == 0 || row->state == HEAP_LIVE);
    return true;
}

static bool add_range(void *context, enum rows_range kind, uint64_t at, uint64_t len) {
    struct seen *seen = context;
    CU_ASSERT(at != 0 && len != 0);
    if (kind == RANGE_LARGE)
        seen->large += len;
    else if (kind == RANGE_LARGE_CACHED)
        seen->cached += len;
    else
        seen->metadata_ranges++;
    return true;
}

static struct rows_total read_rows(const struct rows_source *source, struct seen *seen) {
    struct rows_visit visit = {.arena = add_arena,
                               .heap = add_heap,
                               .range = add_range,
                               .context = seen,
                               .classes = classes,
                               .heaps = heaps,
                               .heap_capacity = 64};
    struct rows_total total;
    memset(seen, 0, sizeof *seen);
    memset(heaps, 0, sizeof heaps);
    CU_ASSERT_FATAL(rows_read(source, &libpool_root, &total, &visit));
    return total;
}

/* The items of the totals are all there is, and none counts twice. */
static void expect_sum(const struct rows_total *total) {
    CU_ASSERT_EQUAL(total->live_bytes + total->free_bytes + total->uncarved_bytes +
                        total->rounding_bytes + total->cached_bytes + total->clean_bytes,
                    total->arenas * ARENA_BYTES + total->large.bytes + total->large.cached_bytes);
}

static void expect_rows(const struct rows_total *total, const struct seen *seen) {
    uint64_t class_blocks = 0, class_bytes = 0, class_free = 0, heap_blocks = 0, heap_bytes = 0;
    uint32_t pools = 0;
    for (uint32_t c = 0; c < class_count; c++) {
        pools += classes[c].pools;
        class_blocks += classes[c].live_blocks;
        class_bytes += classes[c].live_blocks * classes[c].block_size;
        class_free += classes[c].free_blocks * classes[c].block_size;
    }
    for (uint32_t i = 0; i < 64; i++) {
        heap_blocks += heaps[i].live_blocks;
        heap_bytes += heaps[i].live_bytes;
    }
    CU_ASSERT_EQUAL(seen->heaps, total->heaps);
    CU_ASSERT_EQUAL(seen->arenas.arenas, total->arenas);
    CU_ASSERT_EQUAL(seen->arenas.pools, total->pools);
    CU_ASSERT_EQUAL(seen->arenas.live_blocks + total->large.blocks, total->live_blocks);
    CU_ASSERT_EQUAL(seen->arenas.live_bytes + total->large.asked, total->live_bytes);
    CU_ASSERT_EQUAL(seen->arenas.free_bytes, total->free_bytes);
    CU_ASSERT_EQUAL(seen->arenas.uncarved_bytes, total->uncarved_bytes);
    CU_ASSERT_EQUAL(seen->large, total->large.bytes);
    CU_ASSERT_EQUAL(seen->cached, total->large.cached_bytes);
    CU_ASSERT(seen->metadata_ranges > 0);
    CU_ASSERT_EQUAL(pools, total->pools);
    CU_ASSERT_EQUAL(class_free, total->free_bytes);
    CU_ASSERT_EQUAL(heap_blocks, class_blocks);
    CU_ASSERT_EQUAL(heap_bytes, class_bytes);
    CU_ASSERT(total->bound_bytes <= total->free_bytes);
}

/* A process at rest reads exactly: what we hold is what is live. */
static void expect_exact(const struct rows_total *total) {
    uint64_t blocks = 0, bytes = 0;
    for (int i = 0; i < BLOCKS; i++) {
        if (block[i].at == NULL)
            continue;
        blocks++;
        bytes += block[i].size <= SMALL_MAX ? pool_usable(block[i].at) : block[i].size;
    }
    CU_ASSERT_EQUAL(total->live_blocks, blocks);
    CU_ASSERT_EQUAL(total->live_bytes, bytes);
}

static void expect_all(void) {
    struct seen seen;
    struct rows_total total = read_rows(&rows_self, &seen);
    expect_sum(&total);
    expect_rows(&total, &seen);
    expect_exact(&total);
}

static void change(uint64_t *state, int steps) {
    for (int step = 0; step < steps; step++) {
        size_t i = random_next(state) % BLOCKS;
        if (block[i].at != NULL && random_next(state) % 4 == 0) {
            block[i].size = random_size(state, 1, RUN_MAX * 3);
            block[i].at = pool_realloc(block[i].at, block[i].size);
        } else if (block[i].at != NULL) {
            pool_free(block[i].at);
            block[i].at = NULL;
        } else {
            block[i].size = random_size(state, 1, RUN_MAX * 3);
            block[i].at = pool_malloc(block[i].size);
        }
    }
}

static void test_nothing(void) {
    struct seen seen;
    struct rows_total total = read_rows(&rows_self, &seen);
    CU_ASSERT_EQUAL(total.live_blocks + total.arenas + total.heaps + total.pools, 0);
    expect_sum(&total);
}

static void test_exact(void) {
    uint64_t state = 21;
    for (int i = 0; i < 60; i++) {
        change(&state, 500);
        expect_all();
    }
}

static void change_elsewhere(void *state) {
    change(state, 5000);
}

/* Blocks of other threads, some of whom have ended, some freed by others than their owner. */
static void test_threads(void) {
    uint64_t state = 22;
    for (int i = 0; i < 10; i++) {
        in_thread(change_elsewhere, &state);
        expect_all();
        change(&state, 3000);
        expect_all();
    }
}

static uint32_t copies;

static const void *copy(void *context, const void *at, size_t len, void *buf) {
    (void)context;
    copies++;
    return memcpy(buf, at, len);
}

/* A process read from outside gives the same numbers as read from inside. */
static void test_copied(void) {
    static struct rows_scratch scratch;
    const struct rows_source outside = {copy, NULL, &scratch};
    struct seen seen;
    struct rows_total here = read_rows(&rows_self, &seen), there = read_rows(&outside, &seen);
    CU_ASSERT(copies > 0);
    expect_rows(&there, &seen);
    CU_ASSERT_EQUAL(memcmp(&here, &there, sizeof here), 0);
}

static const void *unreadable(void *context, const void *at, size_t len, void *buf) {
    return --*(int *)context < 0 ? NULL : copy(NULL, at, len, buf);
}

/* Memory that can no longer be read, wherever the walk was, is an answer. */
static void test_unreadable(void) {
    static struct rows_scratch scratch;
    uint32_t needed = copies;
    for (int after = 0; after < (int)needed; after++) {
        int left = after;
        const struct rows_source source = {unreadable, &left, &scratch};
        struct rows_total total;
        if (rows_read(&source, &libpool_root, &total, NULL) && left >= 0)
            return; /* this many were enough */
        CU_ASSERT(left < 0);
    }
    CU_FAIL("reading never succeeded");
}

static void test_other_layout(void) {
    struct pool_root other;
    struct rows_total total;
    memcpy(&other, &libpool_root, sizeof other);
    CU_ASSERT(rows_read(&rows_self, &other, &total, NULL));
    other.version++;
    CU_ASSERT(!rows_read(&rows_self, &other, &total, NULL));
    other.version--;
    other.pool_bytes++;
    CU_ASSERT(!rows_read(&rows_self, &other, &total, NULL));
}

static void test_events(void) {
    for (int i = 0; i < EVENT_COUNT; i++)
        CU_ASSERT(rows_event_name[i] != NULL && strlen(rows_event_name[i]) > 3);
    struct seen seen;
    struct rows_total total = read_rows(&rows_self, &seen);
    CU_ASSERT_EQUAL(total.event[EVENT_ARENA_MAPPED] - total.event[EVENT_ARENA_UNMAPPED],
                    total.arenas);
    CU_ASSERT_EQUAL(total.event[EVENT_HEAP_CREATED], total.heaps);
}

static void test_all_freed(void) {
    for (int i = 0; i < BLOCKS; i++) {
        pool_free(block[i].at);
        block[i].at = NULL;
    }
    expect_all();
    pool_trim(0);
    expect_all();
}

CU_TestInfo rows_tests[] = {
    {"before anything is", test_nothing},
    {"exact at rest", test_exact},
    {"threads", test_threads},
    {"a copy reads the same", test_copied},
    {"unreadable memory", test_unreadable},
    {"another layout", test_other_layout},
    {"events", test_events},
    {"all freed", test_all_freed},
    CU_TEST_INFO_NULL,
};
