/* Memory for the allocator's own structures: taken from the OS in steps, never given back
 * (structures are recycled by those who own them). */
#ifndef POOL_META_H
#define POOL_META_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed; aligned to `align` bytes, a power of two, and 64 at least; NULL when memory is short.
 * Thread-safe. */
void *meta_alloc(size_t bytes, size_t align);
/* Head of each step taken from the OS; linked from libpool_root.meta, newest first. */
struct meta_step {
    struct meta_step *next;
    size_t bytes;
};
/* Fork: see pool.h. */
void meta_lock(void);
void meta_unlock(void);

#endif
