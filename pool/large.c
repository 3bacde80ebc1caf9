#include "large.h"

#include "decay.h"
#include "large_cache.h"
#include "large_table.h"
#include "lock.h"
#include "os.h"
#include "root.h"

#include <string.h>

static struct lock lock;

void large_lock(void) {
    lock_take(&lock);
}

void large_unlock(void) {
    lock_release(&lock);
}

static void give_back(struct mapping mapping) {
    os_unmap(mapping.at, mapping.bytes);
    root_count(EVENT_LARGE_UNMAPPED, 1);
}

/* A cached mapping brought to `bytes`; at == NULL: none fits. Only what is beyond `old` is new. */
static struct mapping reuse(size_t bytes, size_t *old) {
    lock_take(&lock);
    struct mapping mapping = cache_take(bytes);
    lock_release(&lock);
    if (mapping.at == NULL)
        return mapping;
    *old = mapping.bytes;
    decay_reuse(mapping.bytes);
    if (mapping.bytes > bytes + bytes / 8) {
        os_unmap(mapping.at + bytes, mapping.bytes - bytes);
        mapping.bytes = bytes;
    } else if (mapping.bytes < bytes) {
        char *grown = os_remap(mapping.at, mapping.bytes, bytes, true);
        if (grown == NULL) {
            give_back(mapping);
            return (struct mapping){NULL, 0};
        }
        decay_fresh(bytes - mapping.bytes);
        mapping = (struct mapping){grown, bytes};
    }
    root_count(EVENT_LARGE_REUSED, 1);
    return mapping;
}

static struct mapping map(size_t bytes, size_t align) {
    struct mapping mapping = {NULL, bytes};
    mapping.at = align > OS_PAGE ? os_map_aligned(align, bytes) : os_map(NULL, bytes);
    if (mapping.at != NULL) {
        decay_fresh(bytes);
        root_count(EVENT_LARGE_MAPPED, 1);
    }
    return mapping;
}

static bool enter(struct mapping mapping, size_t size) {
    lock_take(&lock);
    bool added = table_add((struct large_entry){mapping.at, mapping.bytes, size});
    if (added) {
        struct rows_large *rows = &libpool_root.large;
        rows->blocks++;
        rows->bytes += mapping.bytes;
        rows->asked += size;
        if (rows->bytes > rows->peak_bytes)
            rows->peak_bytes = rows->bytes;
    }
    lock_release(&lock);
    if (added)
        decay_live((int64_t)mapping.bytes);
    return added;
}

void *large_alloc(size_t size, size_t align, bool clear) {
    size_t bytes = os_round(size), old = 0;
    if (bytes < size || bytes > PTRDIFF_MAX)
        return NULL;
    struct mapping mapping = {NULL, 0};
    if (align == OS_PAGE)
        mapping = reuse(bytes, &old);
    if (mapping.at == NULL) {
        old = 0;
        mapping = map(bytes, align);
    }
    if (mapping.at == NULL && large_purge(0))
        mapping = map(bytes, align);
    if (mapping.at == NULL)
        return NULL;
    if (!enter(mapping, size)) {
        give_back(mapping);
        return NULL;
    }
    if (clear && old > 0)
        memset(mapping.at, 0, old < size ? old : size);
    return mapping.at;
}

static struct mapping leave(const void *p) {
    struct mapping mapping = {NULL, 0};
    lock_take(&lock);
    struct large_entry *entry = table_find(p);
    if (entry != NULL) {
        mapping = (struct mapping){entry->at, entry->mapped};
        libpool_root.large.blocks--;
        libpool_root.large.bytes -= entry->mapped;
        libpool_root.large.asked -= entry->asked;
        table_remove(entry);
    }
    lock_release(&lock);
    return mapping;
}

bool large_free(void *p) {
    struct mapping mapping = leave(p);
    if (mapping.at == NULL)
        return false;
    decay_live(-(int64_t)mapping.bytes);
    decay_keep(mapping.bytes);
    lock_take(&lock);
    struct mapping out = cache_put(mapping);
    lock_release(&lock);
    if (out.at != NULL) {
        decay_gave_back(out.bytes);
        give_back(out);
    }
    uint64_t allowed = decay_allowed();
    if (decay.kept > allowed)
        large_purge(allowed);
    return true;
}

bool large_purge(uint64_t keep) {
    bool any = false;
    while (decay.kept > keep) {
        lock_take(&lock);
        struct mapping mapping = cache_oldest();
        lock_release(&lock);
        if (mapping.at == NULL)
            break;
        decay_gave_back(mapping.bytes);
        give_back(mapping);
        any = true;
    }
    return any;
}

size_t large_usable(const void *p) {
    lock_take(&lock);
    struct large_entry *entry = table_find(p);
    size_t bytes = entry != NULL ? entry->mapped : 0;
    lock_release(&lock);
    return bytes;
}

const void *large_holds(const void *p, size_t *bytes) {
    lock_take(&lock);
    const struct large_entry *entry = table_holding(p);
    const void *start = entry != NULL ? entry->at : NULL;
    if (entry != NULL && bytes != NULL)
        *bytes = entry->mapped;
    lock_release(&lock);
    return start;
}

void *large_resize(void *p, size_t size) {
    size_t bytes = os_round(size);
    if (bytes < size || bytes > PTRDIFF_MAX || size <= RUN_MAX)
        return NULL;
    struct mapping mapping = leave(p);
    if (mapping.at == NULL)
        return NULL;
    decay_live(-(int64_t)mapping.bytes);
    size_t old = mapping.bytes;
    /* Room to grow into is address space only: it is not touched before the program does. */
    if (bytes > old || bytes < old - old / 4) {
        char *to = os_remap(p, old, bytes, true);
        if (to != NULL) {
            if (bytes > old)
                decay_fresh(bytes - old);
            mapping = (struct mapping){to, bytes};
            root_count(EVENT_LARGE_REMAPPED, 1);
        }
    }
    if (!enter(mapping, mapping.bytes >= size ? size : mapping.bytes))
        __builtin_trap(); /* cannot be: leaving made room */
    return mapping.bytes >= size ? mapping.at : NULL;
}
