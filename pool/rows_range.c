#include "large_cache.h"
#include "rows_walk.h"

static bool tell(struct walk *walk, enum rows_range kind, const void *at, size_t len) {
    return walk->visit->range(walk->visit->context, kind, (uintptr_t)at, len);
}

static bool large_ranges(struct walk *walk) {
    enum { STEP = sizeof walk->scratch->entries / sizeof walk->scratch->entries[0] };
    const struct pool_root *root = walk->root;
    for (uint64_t i = 0; i < root->large_capacity; i += STEP) {
        const struct large_entry *entry =
            walk_get(walk, root->large_slots + i, sizeof walk->scratch->entries,
                     walk->scratch->entries);
        if (entry == NULL)
            return false;
        for (int k = 0; k < STEP; k++)
            if (entry[k].at != NULL && !tell(walk, RANGE_LARGE, entry[k].at, entry[k].mapped))
                return false;
    }
    return true;
}

static bool cached_ranges(struct walk *walk) {
    for (uint64_t i = 0; i < walk->root->large.cached && i < CACHE_MAX; i++) {
        struct mapping copy;
        const struct mapping *mapping = walk_get(walk, walk->root->cache + i, sizeof copy, &copy);
        if (mapping == NULL || !tell(walk, RANGE_LARGE_CACHED, mapping->at, mapping->bytes))
            return false;
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
    return (root->mask == 0 ||
            tell(walk, RANGE_METADATA, root->records, root->mask + sizeof(struct pool))) &&
           (root->large_capacity == 0 ||
            tell(walk, RANGE_METADATA, root->large_slots,
                 root->large_capacity * sizeof(struct large_entry)));
}

/* In this process the table of large blocks may grow meanwhile; a publisher does not ask for
 * ranges, so only readers from outside come here, and they check what they read. */
bool walk_ranges(struct walk *walk) {
    if (walk->visit == NULL || walk->visit->range == NULL)
        return true;
    return large_ranges(walk) && cached_ranges(walk) && metadata_ranges(walk);
}
