/* Large blocks: each has an OS mapping of its own, found again through the address map: the record
 * of the 32 KiB it starts in is its record. (Two blocks of this size never start in the same
 * 32 KiB; where another live record has that place, the block is put elsewhere.)
 *
 * Freed mappings are kept within decay's allowance and reused best-fit; one that is too small is
 * grown by mremap, so that only what is new has to be touched for the first time.
 */
#ifndef POOL_LARGE_H
#define POOL_LARGE_H

#include "types.h"

/* `align`: a power of two >= 4096. NULL: no memory. */
void *large_alloc(size_t size, size_t align, bool clear);
/* `record` is that of a live large block. */
void large_free(struct pool *record);
/* Another request is served by the same block: `size` bytes are asked for now. */
void large_keep_length(struct pool *record, size_t size);
/* In place, or moved: by remapping where that is possible. NULL: no memory, or no large block any
 * more (the block is untouched). */
void *large_resize(struct pool *record, size_t size);
/* The start of the large block p lies in and its length in *bytes; or NULL. Looks at all of
 * them: for error messages. */
const void *large_holding(const void *p, size_t *bytes);
/* Gives cached mappings back until at most `keep` bytes are kept. */
bool large_purge(uint64_t keep);

#endif
