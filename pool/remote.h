/* Blocks freed by a thread that does not own their pool.
 *
 * Protocol. pool.mail tells the oldest block, how many there are and the newest one (MAIL_ONE);
 * they are linked as on the pool's own list, which they become or are put in front of without
 * being looked at: their cache lines are the other thread's, and fetching each is what handing it
 * out will do anyway. A thread pushes with one compare-and-swap (release). Whoever takes the count
 * from 0 to 1 then also pushes the pool onto the owner's heap.mail. The owner takes heap.mail
 * whole, reads each mail_next before it takes that pool's mail whole (acquire): only then can the
 * pool be pushed onto heap.mail again, so its mail_next is never in use twice. For the same reason
 * it may take all but one block of a pool's mail at any time: what its thread allocates from is
 * refilled so. Blocks in the mail count as used until they are collected.
 *
 * Of a coarse class pool.mail has a bit for each block instead (coarse.h), which a thread sets by
 * one atomic or; all else is the same.
 */
#ifndef POOL_REMOTE_H
#define POOL_REMOTE_H

#include "types.h"

void remote_free(struct pool *pool, void *p);

/* Pools with mail, off the owner's list, linked by mail_next. */
struct mail_chain {
    struct pool *first, *last;
    uint32_t count;
};
/* Puts them on the owner's list, if there are any. */
void remote_push_pools(struct heap *heap, const struct mail_chain *chain);
/* Takes all there are off that list: the first. */
struct pool *remote_take_pools(struct heap *heap);

#endif
