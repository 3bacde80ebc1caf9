#include "spare.h"

#include "misuse.h"

void spare_freed_twice(const void *block) {
    misuse(MISUSE_DOUBLE_FREE, block, "free");
}

void spare_start(struct heap *heap) {
    for (uint32_t row = 0; row < SPARE_ROWS; row++) {
        heap->spare_last[row] = heap->spare[row];
        heap->spare_bytes[row] =
            row < COARSE_CLASSES ? 0 : (row - COARSE_CLASSES + 1) << POOL_SHIFT;
    }
    heap->run_bytes = 0;
}

void spare_pull(struct heap *heap, size_t row, const struct pool *pool, uint32_t count) {
    void **block = heap->spare[row];
    for (uint32_t i = spare_count(heap, row); count > 0; i--) {
        if (owner_record(block[i]) != pool)
            continue;
        block[i] = *heap->spare_last[row]--;
        count--;
    }
}
