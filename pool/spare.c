#include "spare.h"

#include "misuse.h"

void spare_freed_twice(const void *block) {
    misuse(MISUSE_DOUBLE_FREE, block, "free");
}

void spare_pull(struct spare_row *row, const struct pool *pool, uint32_t count) {
    for (uint64_t i = row->count; count > 0; i--) {
        if (owner_record(row->block[i - 1]) != pool)
            continue;
        row->block[i - 1] = row->block[--row->count];
        count--;
    }
}
