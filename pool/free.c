/* free(), slow side: whose block is it, and what changes in its pool. */
#include "free.h"

#include "big.h"
#include "block_list.h"
#include "heap_slow.h"
#include "misuse.h"
#include "pool.h"
#include "remote.h"
#include "tick.h"

/* Where in its pool does this block start? Anything but a start is misuse. */
uint32_t free_offset(const struct pool *pool, const void *p, const char *function) {
    uint32_t offset = (uint32_t)((const char *)p - pool->base);
    if (offset % pool->block_size != 0)
        misuse(offset % MIN_ALIGN != 0 ? MISUSE_UNALIGNED_FREE : MISUSE_INTERIOR_FREE, p, function);
    if (offset / pool->block_size >= pool->carved)
        misuse(MISUSE_INVALID_FREE, p, function);
    const struct link *block = p;
    bool suspect = block->mark == MARK || block->mark == MARK_LAST;
    if (suspect && block_list_has(pool, offset))
        misuse(MISUSE_DOUBLE_FREE, p, function);
    return offset;
}

static void free_own(struct heap *heap, struct pool *pool, void *p) {
    uint32_t offset = free_offset(pool, p, "free");
    heap_enter(heap);
    block_list_push(pool, offset);
    if (pool->state == POOL_FULL)
        heap_pool_reopened(heap, pool);
    if (pool_used(pool) == 0)
        heap_pool_emptied(heap, pool);
    heap_check(heap);
    heap_leave(heap);
}

void heap_free_slow(void *p) {
    if (p == NULL)
        return;
    struct pool *pool = owner_pool(p);
    if (pool == NULL || pool->state >= POOL_RUN) {
        big_free(pool, p);
    } else if (pool->heap == self.heap) {
        free_own(self.heap, pool, p);
    } else {
        remote_free(pool, p, free_offset(pool, p, "free"));
    }
    tick();
}
