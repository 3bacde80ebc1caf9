#include "spare.h"

void spare_pull(struct spare_row *row, const struct pool *pool, uint32_t count) {
    for (uint64_t i = row->count; count > 0; i--) {
        if (owner_record(row->block[i - 1]) != pool)
            continue;
        row->block[i - 1] = row->block[--row->count];
        count--;
    }
}
