#include "rows.h"

#include "arena.h"
#include "block_list.h"
#include "registry.h"
#include "rows_walk.h"
#include "run.h"

struct pool_root libpool_root = {
    .version = ROWS_VERSION,
    .root_bytes = sizeof(struct pool_root),
    .pool_bytes = sizeof(struct pool),
    .arena_bytes = sizeof(struct arena),
    .heap_bytes = sizeof(struct heap),
    .thread_bytes = sizeof(struct thread),
};

static const void *read_self(void *context, const void *at, size_t len, void *buf) {
    (void)context, (void)len, (void)buf;
    return at;
}

const struct rows_source rows_self = {read_self, NULL, NULL};

/* The heap's index is in the pool's key: no need to follow the pointer. */
RACY static void add_to_heap(struct walk *walk, const struct pool *pool, uint32_t live) {
    struct rows_visit *visit = walk->visit;
    uint64_t index = ((-pool->key - (uintptr_t)pool->base) >> 20) - 1;
    if (visit == NULL || visit->heaps == NULL || index >= visit->heap_capacity)
        return;
    struct rows_heap *row = &visit->heaps[index];
    row->live_blocks += live;
    row->live_bytes += (uint64_t)live * pool->block_size;
    row->free_bytes += (uint64_t)(pool->carved - live) * pool->block_size;
}

/* One pool in use by a class, from a racy but single reading of each of its words. */
RACY static void add_pool(struct walk *walk, const struct pool *pool, struct rows_arena *row) {
    uint32_t size = pool->block_size, carved = pool->carved;
    if (size == 0 || pool->size_class >= ROWS_CLASSES)
        return; /* changed hands under our eyes */
    uint32_t mail = pool_mail(pool), used = pool_used(pool);
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
    add_to_heap(walk, pool, live);
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

RACY static void add_run(const struct pool *pool, struct rows_arena *row) {
    uint64_t bytes = (uint64_t)pool->run_pools << POOL_SHIFT;
    if (!run_in_use(pool)) {
        row->free_dirty += pool->run_pools;
        return;
    }
    uint64_t asked = pool->asked < bytes ? pool->asked : bytes;
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

RACY static bool read_arena(struct walk *walk, const struct arena *arena) {
    uint64_t first = ((uintptr_t)arena->base >> (POOL_SHIFT - 7)) & walk->root->mask;
    const struct pool *pool = walk_get(walk, (const char *)walk->root->records + first,
                                       ARENA_POOLS * sizeof *pool, walk_copy(walk, pools));
    if (pool == NULL)
        return false;
    struct rows_arena row = {
        .base = (uintptr_t)arena->base,
        .index = arena->index,
        .huge = arena->huge,
        .free_clean =
            (uint32_t)__builtin_popcountll((arena->free & ~arena->dirty) | arena->leaving),
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

RACY static void add_heap_classes(struct walk *walk, const struct heap *heap,
                                  struct rows_heap *row) {
    for (uint32_t c = 1; c < class_count; c++) {
        row->pools += heap->count[c].pools;
        if (walk->visit == NULL || walk->visit->classes == NULL)
            continue;
        walk->visit->classes[c].refills += heap->count[c].refills;
        walk->visit->classes[c].refilled += heap->count[c].refilled;
    }
}

RACY static struct rows_heap start_heap_row(const struct walk *walk, const struct heap *heap) {
    struct rows_heap row = {0};
    if (walk->visit != NULL && walk->visit->heaps != NULL &&
        heap->index < walk->visit->heap_capacity)
        row = walk->visit->heaps[heap->index];
    row.index = heap->index;
    row.state = (uint32_t)heap->state;
    row.tid = heap->tid;
    row.collected = heap->mail_blocks;
    return row;
}

RACY static bool read_heap(struct walk *walk, const struct heap *heap) {
    struct rows_heap row = start_heap_row(walk, heap);
    add_heap_classes(walk, heap, &row);
    walk_bound_end(walk, heap);
    if (walk->visit != NULL && row.state == HEAP_LIVE &&
        !walk_slots(walk, heap, &row.current_free_blocks, &row.current_free_bytes))
        return false;
    struct rows_total *total = walk->total;
    total->heaps++;
    total->live_heaps += row.state == HEAP_LIVE;
    total->metadata_bytes += sizeof(struct heap);
    if (walk->visit == NULL)
        return true;
    if (walk->visit->heaps != NULL && row.index < walk->visit->heap_capacity)
        walk->visit->heaps[row.index] = row;
    return walk->visit->heap == NULL || walk->visit->heap(walk->visit->context, &row);
}

static bool layout_known(const struct pool_root *root) {
    return root->version == ROWS_VERSION && root->root_bytes == sizeof(struct pool_root) &&
           root->pool_bytes == sizeof(struct pool) && root->arena_bytes == sizeof(struct arena) &&
           root->heap_bytes == sizeof(struct heap) && root->thread_bytes == sizeof(struct thread);
}

static void start_tables(struct rows_visit *visit) {
    if (visit == NULL)
        return;
    visit->class_count = class_count;
    for (uint32_t c = 0; c < class_count && visit->classes != NULL; c++)
        visit->classes[c] = (struct rows_class){.block_size = class_size(c)};
    for (uint32_t i = 0; i < visit->heap_capacity && visit->heaps != NULL; i++)
        visit->heaps[i] = (struct rows_heap){0};
}

/* Large blocks that a heap keeps for reuse are not the program's any more. */
RACY static bool subtract_one(struct walk *walk, const struct pool *kept) {
    struct rows_large *large = &walk->total->large;
    if (kept == NULL)
        return true;
    const struct pool *pool = walk_get(walk, kept, sizeof *pool, walk_copy(walk, large));
    if (pool == NULL)
        return false;
    if (pool->state != POOL_LARGE || !pool->resting)
        return true;
    large->blocks--;
    large->bytes -= pool->map_bytes;
    large->asked -= pool->large_asked;
    large->cached++;
    large->cached_bytes += pool->map_bytes;
    return true;
}

RACY static bool subtract_kept(struct walk *walk, const struct heap *heap) {
    if (!subtract_one(walk, heap->big_newest))
        return false;
    for (uint32_t map = heap->big_used; map != 0; map &= map - 1)
        if (!subtract_one(walk, heap->big[__builtin_ctz(map)]))
            return false;
    return true;
}

static void add_large(struct walk *walk) {
    struct rows_total *total = walk->total;
    total->live_bytes += total->large.asked;
    total->live_blocks += total->large.blocks;
    total->rounding_bytes += total->large.bytes - total->large.asked;
    total->cached_bytes += total->large.cached_bytes;
    for (int i = 0; i < EVENT_COUNT; i++)
        total->event[i] = atomic_load_explicit(&walk->root->event[i], memory_order_relaxed);
}

/* The counts end a walk through lists that change under a reader of another process. */
static bool walk_arenas(struct walk *walk) {
    uint32_t left = walk->root->arena_count + 16;
    for (const struct arena *a = walk->root->arenas; a != NULL && left-- > 0; a = a->all_next) {
        a = walk_get(walk, a, sizeof *a, walk_copy(walk, arena));
        if (a == NULL || !read_arena(walk, a))
            return false;
    }
    return true;
}

bool walk_heaps(struct walk *walk, bool (*visit)(struct walk *walk, const struct heap *heap)) {
    uint32_t left = walk->root->heap_count + 16;
    for (const struct heap *h = walk->root->heaps; h != NULL && left-- > 0; h = h->next_all) {
        h = walk_get(walk, h, offsetof(struct heap, spare), walk_copy(walk, heap));
        if (h == NULL || !visit(walk, h))
            return false;
    }
    return true;
}

static bool add_heap(struct walk *walk, const struct heap *heap) {
    return read_heap(walk, heap) && subtract_kept(walk, heap);
}

static bool walk_all(struct walk *walk, const struct pool_root *root) {
    root = walk->root = walk_get(walk, root, sizeof *root, walk_copy(walk, root));
    if (root == NULL || !layout_known(root))
        return false;
    walk->total->large = root->large;
    if (!walk_heaps(walk, walk_bound_begin) || !walk_arenas(walk) || !walk_heaps(walk, add_heap) ||
        !walk_ranges(walk))
        return false;
    add_large(walk);
    walk->total->keep_bytes = root->keep_bytes;
    return true;
}

bool rows_read(const struct rows_source *source, const struct pool_root *root,
               struct rows_total *total, struct rows_visit *visit) {
    bool here = source->read == read_self;
    struct walk walk = {source, NULL, total, visit, (struct walk_scratch *)source->scratch};
    *total = (struct rows_total){0};
    start_tables(visit);
    if (here)
        registry_lock();
    if (here)
        arena_lock();
    bool complete = walk_all(&walk, root);
    if (here)
        arena_unlock();
    if (here)
        registry_unlock();
    return complete;
}
