#include "tick.h"

#include "arena.h"
#include "decay.h"
#include "hooks.h"
#include "large.h"

/* What has been kept for a whole period without being used goes back, although nothing is freed
 * just now. */
static void reconsider(void) {
    arena_lock();
    uint64_t allowed = decay_allowed(), kept = decay_kept();
    arena_unlock();
    if (kept <= allowed)
        return;
    large_purge(allowed);
    arena_purge(allowed);
}

void tick_now(uint64_t now_ms) {
    if (decay_due(now_ms))
        reconsider();
    if (hooks.tick != NULL)
        hooks.tick(now_ms);
}
