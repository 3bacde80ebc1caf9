/* Pools that other threads emptied while their owner sleeps.
 *
 * A pool of which every block lies in its mail is touched by nobody but who takes it off the heap's
 * mail. Its owner is done with it: the slow path that handed out the last block had made the pool
 * full, in no slot and on no list, before anybody could free that block. So who frees the last
 * block may give the pool back in the owner's place, awake or not. The heap's mail is a stack that
 * can only be taken whole; what is not wholly free is put back.
 */
#ifndef POOL_RECLAIM_H
#define POOL_RECLAIM_H

#include "types.h"

/* One more pool of `heap`, another thread's, lies in the mail with all its blocks: gives such pools
 * back if there are several. Outside locks. */
void reclaim_note(struct heap *heap);
/* Keeps others from reclaiming this heap's pools, or waits until they have. */
void reclaim_lock(struct heap *heap);
void reclaim_unlock(struct heap *heap);
/* The same for all heaps, while the process forks; under the registry lock. */
void reclaim_fork_prepare(void);
void reclaim_fork_done(void);

#endif
