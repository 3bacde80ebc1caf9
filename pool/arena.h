/* Arenas: pools taken and returned, which arena next, memory given back.
 *
 * A single pool is the one returned last on this processor, if that is resident still (recent.h).
 * Others come from the fullest arena, so that the emptiest drain and can be unmapped; among the
 * free pools of an arena those still resident come first. All functions take the arena lock.
 */
#ifndef POOL_ARENA_H
#define POOL_ARENA_H

#include "types.h"

/* `count` (1 .. 16) pools side by side, more than 1 only for a `run`; the first record, with base,
 * arena and fresh set, all else as POOL_NONE left it. The caller sets the rest and, last, the
 * state. NULL: no memory. */
struct pool *arena_take(uint32_t count, bool run);
/* The same for a run, if there is one that is resident from end to end. */
struct pool *arena_take_warm(uint32_t count);
/* Gives them back; they must be off every list. */
void arena_return(struct pool *first, uint32_t count);
/* Is there a free pool whose memory is resident? A hint, taken without the lock. */
bool arena_has_warm(void);
/* Takes the pools right behind a run if they are free. */
bool arena_extend(struct pool *first, uint32_t count, uint32_t more);
/* Gives back the last `less` pools of a run. */
void arena_shrink(struct pool *first, uint32_t count, uint32_t less);
/* Gives free pools back to the OS until at most `keep` bytes of them are kept. */
bool arena_purge(uint64_t keep);
/* Between them nothing is on its way back. Before arena_lock(). */
void arena_purge_lock(void);
void arena_purge_unlock(void);

void arena_lock(void);
void arena_unlock(void);
/* Asserts the invariants of every arena; does nothing in release builds. */
void arena_check(void);

#endif
