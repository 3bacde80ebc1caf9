#include "spare.h"

#include "misuse.h"

void spare_freed_twice(const void *block) {
    misuse(MISUSE_DOUBLE_FREE, block, "free");
}

void spare_pull(struct heap *heap, uint32_t row, const struct pool *pool, uint32_t count) {
    void **block = heap->spare[row];
    for (uint32_t i = heap->row[row].count; count > 0; i--) {
        if (owner_record(block[i - 1]) != pool)
            continue;
        block[i - 1] = block[--heap->row[row].count];
        count--;
    }
}
