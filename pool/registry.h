/* All heaps: which thread has which, and which wait for one. */
#ifndef POOL_REGISTRY_H
#define POOL_REGISTRY_H

#include "types.h"

/* Gives the calling thread a heap: an abandoned one, or a new one. NULL: no memory. */
struct heap *registry_attach(void);
/* After a block was freed into `pool` of an abandoned heap: collects if the pool is empty now. A
 * thread without a heap gets that one. */
void registry_collect(struct heap *heap, const struct pool *pool);
/* The same whatever has become of its pools; does nothing if the heap is not abandoned (any more).
 */
void registry_collect_all(struct heap *heap);
void registry_lock(void);
void registry_unlock(void);
/* Sets errno, counts, returns NULL. */
void *out_of_memory(void);

#endif
