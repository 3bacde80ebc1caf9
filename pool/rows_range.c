#include "extent.h"
#include "rows_walk.h"

static bool tell(struct walk *walk, enum rows_range kind, const void *at, size_t len) {
    return walk->visit->range(walk->visit->context, kind, (uintptr_t)at, len);
}

static bool large_ranges(struct walk *walk) {
    uint64_t left = walk->root->large.blocks + 16;
    const struct pool *record = walk->root->large_blocks.first;
    while (record != NULL && left-- > 0) {
        record = walk_get(walk, record, sizeof *record, walk_copy(walk, large));
        if (record == NULL)
            return false;
        enum rows_range kind = record->resting ? RANGE_LARGE_CACHED : RANGE_LARGE;
        if (record->state == POOL_LARGE && !tell(walk, kind, record->base, record->map_bytes))
            return false;
        record = record->next;
    }
    return true;
}

static bool cached_ranges(struct walk *walk) {
    uint64_t left = walk->root->large.cached + 16;
    for (const struct extent *at = walk->root->warm; at != NULL && left-- > 0;) {
        struct extent copy;
        const struct extent *extent = walk_get(walk, at, sizeof copy, &copy);
        if (extent == NULL || !tell(walk, RANGE_LARGE_CACHED, extent->at, extent->bytes))
            return false;
        at = extent->next;
    }
    return true;
}

static bool metadata_ranges(struct walk *walk) {
    const struct pool_root *root = walk->root;
    uint32_t left = 1u << 20;
    for (const struct meta_step *step = root->meta; step != NULL && left-- > 0;) {
        struct meta_step copy;
        const struct meta_step *head = walk_get(walk, step, sizeof copy, &copy);
        if (head == NULL || !tell(walk, RANGE_METADATA, step, head->bytes))
            return false;
        step = head->next;
    }
    return root->mask == 0 ||
           tell(walk, RANGE_METADATA, root->records, root->mask + sizeof(struct pool));
}

bool walk_ranges(struct walk *walk) {
    if (walk->visit == NULL || walk->visit->range == NULL)
        return true;
    return large_ranges(walk) && cached_ranges(walk) && metadata_ranges(walk);
}
