/* Pools that other threads emptied while their owner sleeps.
 *
 * A full pool all of whose blocks have been freed by other threads lies in its owner's mail until
 * the owner comes by, which may be never. Whoever freed the last block may give the pool back in
 * the owner's place: the fast paths do not touch a full pool (it is not armed and in no slot), so
 * only the owner's slow paths must be kept out. Their side of that must cost nothing: they set
 * `busy` and read `stop` without a fence between. This side sets `stop`, makes every other thread
 * pass a full barrier (membarrier(2)), and then reads `busy`: either it sees the owner in its
 * slow path and leaves, or the owner sees `stop` and waits.
 */
#ifndef POOL_RECLAIM_H
#define POOL_RECLAIM_H

#include "types.h"

/* One more pool of `heap` lies in the mail with all its blocks; now and then reclaims those of all
 * heaps. */
void reclaim_note(struct heap *heap);
/* Now and then: the same, for those that were left. Outside heap_enter and locks. */
void reclaim_tick(uint64_t now_ms);
/* No thread is in the midst of it while the process forks. */
void reclaim_fork_prepare(void);
void reclaim_fork_done(void);
/* The owner's wait; sets heap->busy again. */
void reclaim_wait(struct heap *heap);

#endif
