/* What a heap keeps beyond its share, of empty pools or of big blocks: learnt from what bounces,
 * given back for want of room and fetched again within the same period. Each way takes a lock, and
 * where several threads do so, memory and bookkeeping go from one processor's cache to another's
 * each time.
 *
 * Each of the two is at most an eighth of what is live, 2 MiB at least and 8 at most, divided by
 * the number of heaps and one; in each period a heap forgets a quarter. (What a sleeping thread's
 * heap keeps nobody can take: hence the limits.) Called by the heap's thread; sizes in bytes. */
#ifndef POOL_EXTRA_H
#define POOL_EXTRA_H

#include "types.h"

/* So much went back for want of room. */
static inline void extra_ended(struct extra *extra, size_t bytes) {
    extra->ended += bytes;
}

/* So much is about to be fetched: what of it went back in this period may be kept from now on, up
 * to `most`. */
void extra_missed(struct extra *extra, size_t bytes, uint32_t most);
/* Now and then: fades. */
void extra_tick(struct extra *extra, uint64_t now_ms);

#endif
