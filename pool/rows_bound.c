/* How far the counts of one walk may be off. Threads go on while it looks at pool after pool: a
 * block freed in a pool not looked at yet, another taken in its place from one that was, and the
 * count is one too low; the other way round, one too high. So it is off by no more than are taken
 * from lists meanwhile: those free in the current pools when the walk begins, and those on lists
 * taken into use before it ends. (Above 1 KiB blocks pass through the spares too, SPARE_MAX of a
 * class and heap at a time.) */
#include "block_list.h"
#include "os.h"
#include "rows_walk.h"

RACY bool walk_slots(struct walk *walk, const struct heap *heap, uint64_t *blocks,
                     uint64_t *bytes) {
    /* A thread that attached after its last destructor may be gone, its TLS unmapped. */
    if (heap->thread == NULL || (walk->scratch == NULL && !os_thread_alive(heap->tid)))
        return true;
    const struct thread *thread =
        walk_get(walk, heap->thread, sizeof *thread, walk_copy(walk, thread));
    if (thread == NULL)
        return false;
    for (uint32_t c = 1; c < class_count; c++) {
        const struct pool *pool =
            walk_get(walk, thread->slot[c], sizeof *pool, walk_copy(walk, pools));
        if (pool == NULL)
            return false;
        if (pool->state != POOL_USED || pool->size_class != c)
            continue;
        uint32_t used = pool_used(pool), free = pool->carved > used ? pool->carved - used : 0;
        *blocks += free;
        *bytes += (uint64_t)free * pool->block_size;
    }
    return true;
}

/* Blocks that lists brought, ever; `times` -1 takes them off. */
static RACY void add_refilled(struct rows_total *total, const struct heap *heap, uint64_t times) {
    for (uint32_t c = 1; c < class_count; c++) {
        uint64_t blocks = times * heap->count[c].refilled;
        total->bound_blocks += blocks;
        total->bound_bytes += blocks * class_size(c);
    }
}

RACY bool walk_bound_begin(struct walk *walk, const struct heap *heap) {
    struct rows_total *total = walk->total;
    add_refilled(total, heap, (uint64_t)-1);
    return heap->state != HEAP_LIVE ||
           walk_slots(walk, heap, &total->bound_blocks, &total->bound_bytes);
}

void walk_bound_end(struct walk *walk, const struct heap *heap) {
    add_refilled(walk->total, heap, 1);
}
