/* Large blocks: each is an extent of a region, found again through the address map: the record of
 * the 32 KiB it starts in is its record. (Two blocks of this size never start in the same 32 KiB;
 * where another live record has that place, the block is put elsewhere.)
 *
 * What is freed stays warm within decay's allowance and is used again first. A block grows into
 * what is free behind it; where that is not enough it is copied into warm memory, or its memory
 * moves by mremap, so that only what is new has to be touched for the first time.
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
/* In place, or moved: by the kernel where that is quicker. NULL: no memory, or no large block any
 * more (the block is untouched). */
void *large_resize(struct pool *record, size_t size);
/* The start of the large block p lies in and its length in *bytes; or NULL. Looks at all of
 * them: for error messages. */
const void *large_holding(const void *p, size_t *bytes);
/* Gives kept memory back until at most `keep` bytes are kept. */
bool large_purge(uint64_t keep);

#endif
