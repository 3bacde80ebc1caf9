/* Now and then, on slow paths, outside locks and transitions: what is kept is reconsidered, and
 * the host's hook is called. */
#ifndef POOL_TICK_H
#define POOL_TICK_H

#include "self.h"

/* `heap`: this thread's. */
void tick_now(struct heap *heap);
/* If the clock has moved since, which it does every few milliseconds. */
void tick_if_later(struct heap *heap);

static inline void tick_heap(struct heap *heap) {
    if (UNLIKELY((++heap->ticks & 15) == 0))
        tick_now(heap);
}

/* After what is nearly as frequent as a plain free. */
static inline void tick_rarely(struct heap *heap) {
    if (UNLIKELY(count_over(&heap->rare_ticks, 256 / 64)))
        tick_if_later(heap);
}

static inline void tick(void) {
    if (self.heap != NULL)
        tick_heap(self.heap);
}

#endif
