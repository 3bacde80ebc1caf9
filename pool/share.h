/* Amounts that the heaps of a process share. Bytes. */
#ifndef POOL_SHARE_H
#define POOL_SHARE_H

#include "root.h"

/* `bytes`, but `least` at least and `most` at most. */
static inline uint64_t share_within(uint64_t least, uint64_t bytes, uint64_t most) {
    return bytes < least ? least : bytes > most ? most : bytes;
}

/* One heap's part of it: all of them together have less. */
static inline uint64_t share_part(uint64_t bytes) {
    return bytes / (libpool_root.heap_count + 1);
}

#endif
