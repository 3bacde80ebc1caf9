/* Runs: blocks of 16 to 512 KiB, each of whole pools side by side.
 *
 * What a heap frees is kept for a while, up to run_limit: of each length there is a row of spares
 * (spare.h), where a run is as a block of a coarse class whose pool has no other.
 *
 * Nobody has to wait for a run to come home: whoever frees one keeps it, and its record tells that
 * heap from then on. All functions are the heap's owner's, unless they say otherwise. */
#ifndef POOL_RUN_H
#define POOL_RUN_H

#include "size_class.h"
#include "types.h"

/* The program has it. Acquire: if not, whose it is may be read (run_keep). */
static inline RACY bool run_in_use(const struct pool *run) {
    return (__atomic_load_n(&run->held, __ATOMIC_ACQUIRE) & ~HELD_RESTING) != 0;
}

/* A new one for `size` bytes, of a heap or of none (NULL). NULL: no memory, or (`warm`) none all of
 * which is resident. */
void *run_new(struct heap *heap, size_t size, bool clear, bool warm);
/* A kept one of just the length, or a little longer. NULL: none. */
void *run_take(struct heap *heap, size_t size);
/* Is there room for it among the spares? */
bool run_room(const struct heap *heap, const struct pool *run);
/* Keeps the run, in use and anybody's, for which there is room, whatever the limit. */
void run_keep(struct heap *heap, struct pool *run);
/* Gives back what is kept beyond `most` bytes: so many. */
uint32_t run_fit(struct heap *heap, uint32_t most);
/* Grows or shrinks in place; any thread's. NULL: not possible. */
void *run_resize(struct pool *run, size_t size);
/* A run of a torn heap, as it seems: if it was kept, it is again. */
void run_rebuild(struct heap *heap, struct pool *run);

#endif
