#include "extra.h"

#include "decay.h"
#include "pool.h"
#include "share.h"

#define SHARE 8 /* of live */
#define LEAST ((uint64_t)2 << 20)
#define MOST  ((uint64_t)8 << 20)

static uint64_t least(uint64_t one, uint64_t other) {
    return one < other ? one : other;
}

/* No sum is kept of what the heaps have learnt: one whose thread sleeps would have taken it from
 * all others, and in a forked child those of vanished threads. */
static uint64_t allowed(void) {
    return share_part(share_within(LEAST, decay_live_about() / SHARE, MOST));
}

void extra_missed(struct extra *extra, size_t bytes, uint32_t most) {
    if (extra->ended == 0)
        return;
    uint64_t bounced = least(bytes, extra->ended), limit = least(allowed(), most);
    extra->ended -= bounced;
    if (extra->bytes < limit)
        extra->bytes = (uint32_t)least(extra->bytes + bounced, limit);
}

void extra_tick(struct extra *extra, uint64_t now_ms) {
    extra->bytes = (uint32_t)least(extra->bytes, allowed());
    if (now_ms < extra->period_ends)
        return;
    extra->bytes -= extra->bytes / 4;
    extra->ended = 0;
    extra->period_ends = now_ms + pool_conf.decay_ms;
}
