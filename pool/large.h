/* Large blocks: each has an OS mapping of its own, found again through a hash table.
 *
 * Freed mappings are kept within decay's allowance and reused best-fit; one that is too small is
 * grown by mremap, so that only what is new has to be touched for the first time.
 */
#ifndef POOL_LARGE_H
#define POOL_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `align`: a power of two >= 4096. NULL: no memory. */
void *large_alloc(size_t size, size_t align, bool clear);
/* False if p starts no large block. */
bool large_free(void *p);
/* Bytes mapped behind a large block, 0 if p starts none. */
size_t large_usable(const void *p);
/* The start of the large block p lies in and, unless `bytes` is NULL, its length; or NULL.
 * Slow: for error messages. */
const void *large_holds(const void *p, size_t *bytes);
/* In place, or moved by remapping; NULL if impossible (the block is untouched). */
void *large_resize(void *p, size_t size);
/* Gives cached mappings back until at most `keep` bytes are kept. */
bool large_purge(uint64_t keep);
void large_lock(void);
void large_unlock(void);

#endif
