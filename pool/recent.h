/* Pools returned to their arenas last, by processor: what a processor worked on a moment ago is in
 * its cache, and fetching it into another's takes longer than most of what is done with a pool.
 *
 * Weak: a pool noted here is free like all others, and may be taken or given back to the OS in
 * between. All functions are to be called under the arena lock. */
#ifndef POOL_RECENT_H
#define POOL_RECENT_H

#include "types.h"

/* The pool is about to be free. */
void recent_note(struct pool *pool);
/* The newest of this processor's that is free and resident still; not in a huge page if `run`.
 * NULL: none. */
struct pool *recent_find(bool run);

#endif
