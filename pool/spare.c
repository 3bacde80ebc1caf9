#include "spare.h"

#include "misuse.h"

void spare_check(struct heap *heap, uint32_t size_class) {
    if (size_class < FINE_CLASSES)
        return;
    size_t i = spare_index(heap->source[size_class]), count = heap->spare_count[i];
    const struct link *block = count > 0 ? heap->spare[i][count - 1] : NULL;
    if (block != NULL && block->mark != MARK)
        misuse(MISUSE_CORRUPT_LINK, block, "malloc");
}

static bool of_pool(const struct pool *pool, const void *block) {
    return (uintptr_t)block - (uintptr_t)pool->base < POOL_BYTES;
}

void spare_return(struct heap *heap, struct pool *pool, uint32_t most) {
    if (pool->size_class < FINE_CLASSES)
        return;
    size_t at = spare_index(pool->size_class);
    for (uint32_t i = heap->spare_count[at]; i-- > 0 && most > 0;) {
        void *block = heap->spare[at][i];
        if (!of_pool(pool, block))
            continue;
        heap->spare[at][i] = heap->spare[at][--heap->spare_count[at]];
        pool->top += QUOTA_ONE;
        block_list_push(pool, block);
        most--;
    }
}

RACY bool spare_has(const struct pool *pool, const void *block) {
    if (pool->size_class < FINE_CLASSES)
        return false;
    size_t at = spare_index(pool->size_class), count = pool->heap->spare_count[at];
    for (size_t i = 0; i < count; i++)
        if (pool->heap->spare[at][i] == block)
            return true;
    return false;
}

uint32_t spare_count(const struct pool *pool) {
    if (pool->size_class < FINE_CLASSES)
        return 0;
    size_t at = spare_index(pool->size_class);
    uint32_t count = 0;
    for (uint32_t i = 0; i < pool->heap->spare_count[at]; i++)
        count += of_pool(pool, pool->heap->spare[at][i]);
    return count;
}

void spare_rebuild(struct heap *heap) {
    for (uint32_t at = 0; at < class_count - FINE_CLASSES; at++) {
        for (uint32_t i = 0; i < heap->spare_count[at]; i++) {
            void *block = heap->spare[at][i];
            struct pool *pool = owner_record(block);
            if (!block_list_has(pool, block))
                block_list_push(pool, block);
        }
        heap->spare_count[at] = 0;
    }
}
