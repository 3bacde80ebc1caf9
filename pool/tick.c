#include "tick.h"

#include "arena.h"
#include "big.h"
#include "decay.h"
#include "extra.h"
#include "heap_slow.h"
#include "hooks.h"
#include "large.h"
#include "os.h"
#include "rest.h"

#define MAIL_MANY 8 /* pools */

/* What has been kept for a whole period without being used goes back, although nothing is freed
 * just now. */
static void reconsider(void) {
    arena_lock();
    uint64_t mappings = decay_allowed(), pools = decay_allowed_pools(0);
    arena_unlock();
    large_purge(mappings);
    arena_purge(pools);
}

/* A heap whose blocks are all spare, or kept, comes by no other place where it would look. */
static void look_into_mail(struct heap *heap) {
    if (atomic_load_explicit(&heap->waiting, memory_order_relaxed) < MAIL_MANY)
        return;
    heap_collect(heap);
    heap_check(heap);
}

static void tick_at(struct heap *heap, uint64_t now_ms) {
    heap->ticked_ms = now_ms;
    if (decay_due(now_ms) || decay_idle())
        reconsider();
    extra_tick(&heap->rest_extra, now_ms);
    extra_tick(&heap->big_extra, now_ms);
    look_into_mail(heap);
    rest_fit(heap);
    big_fit(heap);
    if (hooks.tick != NULL)
        hooks.tick(now_ms);
}

void tick_now(struct heap *heap) {
    tick_at(heap, os_now_ms());
}

void tick_if_later(struct heap *heap) {
    uint64_t now_ms = os_now_ms();
    if (now_ms != heap->ticked_ms)
        tick_at(heap, now_ms);
}
