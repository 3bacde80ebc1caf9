/* A block under observation: what was asked for, and the pattern that its bytes must keep. */
#ifndef MODEL_BLOCK_H
#define MODEL_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct block {
    unsigned char *start;
    size_t size;   /* bytes asked for */
    size_t filled; /* bytes patterned: up to the usable size */
    uint64_t tag;  /* what the pattern is made of */
    size_t alignment;
};

/* Blocks up to this size are patterned and checked byte by byte; larger ones at both ends and at
   BLOCK_SAMPLES places in between. */
#define BLOCK_WHOLE   1024
#define BLOCK_END     128
#define BLOCK_SAMPLES 12

/* Patterns the block's FILLED bytes. */
void block_fill(const struct block *block);

/* The offset of the first of the block's first COUNT bytes that is not as patterned, or -1. */
ptrdiff_t block_first_wrong(const struct block *block, size_t count);

/* The offset of a byte that is not zero among those that are looked at, or -1. */
ptrdiff_t block_first_nonzero(const struct block *block);

#endif
