#include "arena.h"
#include "decay.h"
#include "mapping.h"
#include "region.h"
#include "root.h"

#include <string.h>

/* More warm extents than this are not worth looking through. */
#define WARM_MOST 128

/* Purging in steps keeps the number of calls small. */
#define PURGE_STEP ((size_t)1 << 20)

/* Takes of the oldest what is kept beyond `most`, about; NULL: no need. */
static struct extent *surplus(uint64_t most) {
    arena_lock();
    uint64_t warm = libpool_root.large.cached_bytes;
    struct extent *oldest = extent_oldest();
    bool too_many = libpool_root.large.cached > WARM_MOST;
    if (oldest != NULL && (warm > most || too_many)) {
        size_t bytes = too_many ? oldest->bytes : os_round(warm - most) + PURGE_STEP;
        if (oldest->bytes > bytes && extent_ready(1))
            oldest = extent_split(oldest, oldest->bytes - bytes);
        extent_use(oldest);
        decay_gave_back(oldest->bytes);
    } else {
        oldest = NULL;
    }
    arena_unlock();
    return oldest;
}

/* What was marked for huge pages or moved there is mapped anew: the kernel then sees one mapping
 * again, without the mark. */
static void empty(struct extent *extent) {
    bool done = (extent->huge || extent->moved) && os_renew(extent->at, extent->bytes);
    if (done)
        extent->huge = extent->moved = 0;
    else if (!os_purge(extent->at, extent->bytes) && !os_renew(extent->at, extent->bytes))
        memset(extent->at, 0, extent->bytes); /* locked memory */
}

static bool purge(uint64_t most) {
    bool any = false;
    struct extent *extent;
    while ((extent = surplus(most)) != NULL) {
        empty(extent);
        arena_lock();
        mapping_emptied(extent);
        arena_unlock();
        root_count_alone(EVENT_LARGE_UNMAPPED, 1);
        any = true;
    }
    return any;
}

bool mapping_purge(uint64_t most) {
    bool any = purge(most);
    if (most > 0)
        return any;
    arena_lock();
    any |= region_trim_all();
    arena_unlock();
    return any;
}

void mapping_limit(void) {
    arena_lock();
    uint64_t allowed = decay_allowed();
    bool over = libpool_root.large.cached_bytes > allowed || libpool_root.large.cached > WARM_MOST;
    arena_unlock();
    if (over)
        purge(allowed);
}
