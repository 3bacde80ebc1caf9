#include "rows.h"

#include "block_list.h"
#include "decay.h"
#include "root.h"

struct pool_root libpool_root = {
    .version = ROWS_VERSION,
    .root_bytes = sizeof(struct pool_root),
    .pool_bytes = sizeof(struct pool),
    .arena_bytes = sizeof(struct arena),
    .heap_bytes = sizeof(struct heap),
    .thread_bytes = sizeof(struct thread),
};

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

static const void *read_self(void *context, const void *at, size_t len, void *buf) {
    (void)context, (void)len, (void)buf;
    return at;
}

const struct rows_source rows_self = {read_self, NULL};

/* What one walk carries along. */
struct walk {
    const struct rows_source *source;
    const struct pool_root *root;
    struct rows_total *total;
    struct rows_visit *visit;
};

static const void *get(const struct walk *walk, const void *at, size_t len, void *buf) {
    return walk->source->read(walk->source->context, at, len, buf);
}

/* One pool in use by a class, from a racy but single reading of its two words. */
static void add_pool(struct walk *walk, const struct pool *pool, struct rows_arena *row) {
    uint32_t size = pool->block_size, carved = pool->carved;
    if (size == 0 || pool->size_class >= ROWS_CLASSES)
        return; /* changed hands under our eyes */
    uint32_t mail = atomic_load_explicit(&pool->mail, memory_order_relaxed) >> 16;
    uint32_t used = pool_used(pool);
    if (used > carved)
        used = carved;
    if (mail > used)
        mail = used;
    uint32_t live = used - mail;
    row->pools++;
    row->live_blocks += live;
    row->live_bytes += (uint64_t)live * size;
    row->free_bytes += (uint64_t)(carved - live) * size;
    row->mail_bytes += (uint64_t)mail * size;
    row->uncarved_bytes += (uint64_t)(pool->capacity - carved) * size;
    row->rounding_bytes += POOL_BYTES - (uint64_t)pool->capacity * size;
    row->sparse += live * 4 < pool->capacity;
    struct rows_class *classes = walk->visit != NULL ? walk->visit->classes : NULL;
    if (classes == NULL)
        return;
    struct rows_class *c = &classes[pool->size_class];
    c->pools++;
    c->live_blocks += live;
    c->free_blocks += carved - live;
    c->mail_blocks += mail;
    c->capacity += pool->capacity;
}

static void add_run(const struct pool *pool, struct rows_arena *row) {
    uint64_t bytes = (uint64_t)pool->run_pools << POOL_SHIFT;
    uint64_t asked = pool->run_bytes < bytes ? pool->run_bytes : bytes;
    row->runs++;
    row->run_pools += pool->run_pools;
    row->live_blocks++;
    row->live_bytes += asked;
    row->rounding_bytes += bytes - asked;
}

static void add_arena(struct walk *walk, const struct rows_arena *row) {
    struct rows_total *total = walk->total;
    total->arenas++;
    total->pools += row->pools;
    total->live_bytes += row->live_bytes;
    total->live_blocks += row->live_blocks;
    total->free_bytes += row->free_bytes;
    total->uncarved_bytes += row->uncarved_bytes;
    total->rounding_bytes += row->rounding_bytes;
    total->cached_bytes += (uint64_t)row->free_dirty << POOL_SHIFT;
    total->clean_bytes += (uint64_t)row->free_clean << POOL_SHIFT;
    total->metadata_bytes += ARENA_POOLS * sizeof(struct pool);
}

static bool read_arena(struct walk *walk, const struct arena *arena) {
    struct pool copy[ARENA_POOLS];
    uint64_t first = ((uintptr_t)arena->base >> (POOL_SHIFT - 7)) & walk->root->mask;
    const struct pool *pool =
        get(walk, (const char *)walk->root->records + first, sizeof copy, copy);
    if (pool == NULL)
        return false;
    struct rows_arena row = {
        .base = (uintptr_t)arena->base,
        .index = arena->index,
        .huge = arena->huge,
        .free_clean = (uint32_t)__builtin_popcountll(arena->free & ~arena->dirty),
        .free_dirty = (uint32_t)__builtin_popcountll(arena->free & arena->dirty),
    };
    for (uint32_t i = 0; i < ARENA_POOLS; i++) {
        if (pool[i].state == POOL_USED || pool[i].state == POOL_FULL)
            add_pool(walk, &pool[i], &row);
        else if (pool[i].state == POOL_RUN)
            add_run(&pool[i], &row);
    }
    add_arena(walk, &row);
    if (walk->visit != NULL && walk->visit->arena != NULL)
        return walk->visit->arena(walk->visit->context, &row);
    return true;
}

/* The pools the heap's thread allocates from: their counts change without a slow path. */
static bool read_slots(struct walk *walk, const struct heap *heap, struct rows_heap *row) {
    struct thread thread_copy;
    const struct thread *thread = heap->thread;
    if (thread == NULL)
        return true;
    thread = get(walk, thread, sizeof *thread, &thread_copy);
    if (thread == NULL)
        return false;
    for (uint32_t c = 1; c < class_count; c++) {
        struct pool copy;
        const struct pool *pool = get(walk, thread->slot[c], sizeof copy, &copy);
        if (pool == NULL)
            return false;
        if (pool->state != POOL_USED || pool->block_size == 0)
            continue;
        uint32_t used = pool_used(pool), free = pool->carved > used ? pool->carved - used : 0;
        row->current_free_blocks += free;
        row->current_free_bytes += (uint64_t)free * pool->block_size;
    }
    return true;
}

static void add_heap_classes(struct walk *walk, const struct heap *heap, struct rows_heap *row) {
    for (uint32_t c = 1; c < class_count; c++) {
        row->pools += heap->count[c].pools;
        if (walk->visit == NULL || walk->visit->classes == NULL)
            continue;
        walk->visit->classes[c].refills += heap->count[c].refills;
        walk->visit->classes[c].refilled += heap->count[c].refilled;
    }
}

static bool read_heap(struct walk *walk, const struct heap *heap) {
    struct rows_heap row = {
        .index = heap->index,
        .state = (uint32_t)heap->state,
        .tid = heap->tid,
        .collected = heap->mail_blocks,
    };
    add_heap_classes(walk, heap, &row);
    if (row.state == HEAP_LIVE && !read_slots(walk, heap, &row))
        return false;
    struct rows_total *total = walk->total;
    total->heaps++;
    total->live_heaps += row.state == HEAP_LIVE;
    total->bound_blocks += row.current_free_blocks;
    total->bound_bytes += row.current_free_bytes;
    total->metadata_bytes += sizeof(struct heap);
    if (walk->visit != NULL && walk->visit->heap != NULL)
        return walk->visit->heap(walk->visit->context, &row);
    return true;
}

static bool layout_known(const struct pool_root *root) {
    return root->version == ROWS_VERSION && root->root_bytes == sizeof(struct pool_root) &&
           root->pool_bytes == sizeof(struct pool) && root->arena_bytes == sizeof(struct arena) &&
           root->heap_bytes == sizeof(struct heap) && root->thread_bytes == sizeof(struct thread);
}

static void start_classes(struct rows_visit *visit) {
    if (visit == NULL || visit->classes == NULL)
        return;
    visit->class_count = class_count;
    for (uint32_t c = 0; c < class_count; c++)
        visit->classes[c] = (struct rows_class){.block_size = class_size(c)};
}

static void add_large(struct walk *walk) {
    struct rows_total *total = walk->total;
    total->large = walk->root->large;
    total->live_bytes += total->large.asked;
    total->live_blocks += total->large.blocks;
    total->rounding_bytes += total->large.bytes - total->large.asked;
    total->cached_bytes += total->large.cached_bytes;
    for (int i = 0; i < EVENT_COUNT; i++)
        total->event[i] = atomic_load_explicit(&walk->root->event[i], memory_order_relaxed);
}

bool rows_read(const struct rows_source *source, const struct pool_root *root,
               struct rows_total *total, struct rows_visit *visit) {
    struct pool_root root_copy;
    struct walk walk = {source, NULL, total, visit};
    root = walk.root = get(&walk, root, sizeof *root, &root_copy);
    *total = (struct rows_total){0};
    start_classes(visit);
    if (root == NULL || !layout_known(root))
        return false;
    struct arena arena_copy;
    for (const struct arena *a = root->arenas; a != NULL; a = a->all_next) {
        a = get(&walk, a, sizeof *a, &arena_copy);
        if (a == NULL || !read_arena(&walk, a))
            return false;
    }
    struct heap heap_copy;
    for (const struct heap *h = root->heaps; h != NULL; h = h->next_all) {
        h = get(&walk, h, sizeof *h, &heap_copy);
        if (h == NULL || !read_heap(&walk, h))
            return false;
    }
    add_large(&walk);
    total->keep_bytes = root->keep_bytes;
    total->metadata_bytes += root->table_bytes;
    return true;
}
