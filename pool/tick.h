/* The host's hook, called now and then from slow paths, outside locks and transitions. */
#ifndef POOL_TICK_H
#define POOL_TICK_H

#include "heap.h"
#include "hooks.h"
#include "os.h"

static inline void tick(void) {
    struct heap *heap = self.heap;
    if (heap != NULL && (++heap->ticks & 15) == 0 && hooks.tick != NULL)
        hooks.tick(os_now_ms());
}

#endif
