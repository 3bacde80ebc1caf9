#include "spare.h"

#include "misuse.h"

void spare_check(struct heap *heap, uint32_t size_class) {
    if (size_class < FINE_CLASSES)
        return;
    const struct spares *spares = spare_of(heap, heap->source[size_class]);
    const struct link *block = spares->count > 0 ? spares->block[spares->count - 1] : NULL;
    if (block != NULL && block->mark != MARK)
        misuse(MISUSE_CORRUPT_LINK, block, "malloc");
}

static bool of_pool(const struct pool *pool, const void *block) {
    return (uintptr_t)block - (uintptr_t)pool->base < POOL_BYTES;
}

void spare_return(struct heap *heap, struct pool *pool, uint32_t most) {
    if (pool->size_class < FINE_CLASSES)
        return;
    struct spares *spares = spare_of(heap, pool->size_class);
    for (uint32_t i = spares->count; i-- > 0 && most > 0;) {
        void *block = spares->block[i];
        if (!of_pool(pool, block))
            continue;
        spares->block[i] = spares->block[--spares->count];
        pool->top += QUOTA_ONE;
        block_list_push(pool, block);
        most--;
    }
}

RACY bool spare_has(const struct pool *pool, const void *block) {
    if (pool->size_class < FINE_CLASSES)
        return false;
    const struct spares *spares = spare_of(pool->heap, pool->size_class);
    uint32_t count = spares->count < SPARE_MAX ? spares->count : SPARE_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (spares->block[i] == block)
            return true;
    return false;
}

uint32_t spare_count(const struct pool *pool) {
    if (pool->size_class < FINE_CLASSES)
        return 0;
    const struct spares *spares = spare_of(pool->heap, pool->size_class);
    uint32_t count = 0;
    for (uint32_t i = 0; i < spares->count; i++)
        count += of_pool(pool, spares->block[i]);
    return count;
}

void spare_rebuild(struct heap *heap) {
    for (uint32_t c = FINE_CLASSES; c < class_count; c++) {
        struct spares *spares = spare_of(heap, c);
        for (uint32_t i = 0; i < spares->count; i++) {
            struct pool *pool = owner_record(spares->block[i]);
            if (!block_list_has(pool, spares->block[i]))
                block_list_push(pool, spares->block[i]);
        }
        spares->count = 0;
    }
}
