/* The mappings of large blocks: new ones from the OS, kept ones from the cache, and back. Every
 * function takes the arena lock. */
#ifndef POOL_MAPPING_H
#define POOL_MAPPING_H

#include "large_cache.h"

/* A kept mapping brought to `bytes`, a multiple of OS_PAGE; what is beyond its first `old` bytes
 * reads as zero. at == NULL: none, and `old` is 0. */
struct mapping mapping_reuse(size_t bytes, size_t *old);
/* A new one. `align`: a power of two >= 4096. at == NULL: no memory. */
struct mapping mapping_new(size_t bytes, size_t align);
/* Keeps what nobody uses, as far as that is allowed. */
void mapping_keep(struct mapping mapping);
/* Gives kept mappings back until at most `most` bytes are kept. */
bool mapping_purge(uint64_t most);
void mapping_unmap(struct mapping mapping);

#endif
