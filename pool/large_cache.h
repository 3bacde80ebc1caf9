/* Freed mappings kept for a moment. Callers hold the large lock. */
#ifndef POOL_LARGE_CACHE_H
#define POOL_LARGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_MAX 64

struct mapping {
    char *at;
    size_t bytes;
};

extern struct mapping large_cache[CACHE_MAX]; /* the first large.cached are in use */

/* The mapping to serve `bytes` from: the smallest that is big enough, else the biggest, if it is
 * worth being grown; removed from the cache. at == NULL: none. */
struct mapping cache_take(size_t bytes);
/* Keeps a mapping, joined with its neighbours: whether the kernel would call them one mapping is
 * not known, so that remapping what comes out may fail. When the cache is full the oldest comes
 * back and is for the caller to unmap. */
struct mapping cache_put(struct mapping mapping);
/* Removes the oldest mapping, or `most` bytes of it if it is longer. at == NULL: empty. */
struct mapping cache_oldest(size_t most);

#endif
