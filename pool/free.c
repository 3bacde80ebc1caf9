/* free(), slow side: whose block is it, and what changes in its pool. */
#include "free.h"

#include "big.h"
#include "block_list.h"
#include "heap_slow.h"
#include "misuse.h"
#include "pool.h"
#include "remote.h"
#include "tick.h"

static _Noreturn void not_a_block(const struct pool *pool, const void *p, const char *function) {
    uint32_t offset = (uint32_t)((const char *)p - pool->base);
    if (offset % MIN_ALIGN != 0)
        misuse(MISUSE_UNALIGNED_FREE, p, function);
    if (offset / pool->block_size >= pool->carved)
        misuse(MISUSE_INVALID_FREE, p, function);
    misuse(MISUSE_INTERIOR_FREE, p, function);
}

RACY void free_check(const struct pool *pool, const void *p, const char *function) {
    uint64_t offset = (uintptr_t)p - (uintptr_t)pool->base;
    if (offset * pool->mult >= class_bound(pool->block_size, pool->mult, pool->carved))
        not_a_block(pool, p, function);
    const struct link *block = p;
    bool suspect = block->mark == MARK || block->mark == MARK_LAST;
    if (suspect && block_list_has(pool, p))
        misuse(MISUSE_DOUBLE_FREE, p, function);
}

static void free_own(struct heap *heap, struct pool *pool, void *p) {
    free_check(pool, p, "free");
    heap_enter(heap);
    block_list_push(pool, p);
    heap_pool_gained(heap, pool);
    heap_check(heap);
    heap_leave(heap);
}

/* Nothing about it is suspect, and another heap owns it. */
static RACY bool plainly_remote(const struct pool *pool, const struct link *p) {
    uint64_t offset = (uintptr_t)p - (uintptr_t)pool->base;
    return (pool->state == POOL_USED || pool->state == POOL_FULL) && pool->heap != self.heap &&
           offset * pool->mult < class_bound(pool->block_size, pool->mult, pool->carved) &&
           p->mark >> 24 != MARK_BYTE;
}

static void free_any(void *p) {
    if (p == NULL)
        return;
    struct pool *pool = owner_pool(p);
    if (pool == NULL || !pool_of_class(pool)) {
        big_free(pool, p);
    } else if (pool->heap == self.heap) {
        free_own(self.heap, pool, p);
    } else {
        free_check(pool, p, "free");
        remote_free(pool, p);
    }
    tick();
}

void heap_free_slow(void *p) {
    struct pool *pool = owner_record(p);
    if (UNLIKELY(!plainly_remote(pool, p)))
        return free_any(p);
    remote_free(pool, p);
    tick();
}
