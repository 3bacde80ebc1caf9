#include "block.h"

#include <string.h>

#include "support.h"

static unsigned char pattern(uint64_t tag, size_t offset) {
    return (unsigned char)((tag >> (offset % 8 * 8)) + offset / 8);
}

/* A place between the two ends, the same for the same block whenever it is asked for. */
static size_t sample(const struct block *block, unsigned n) {
    struct chance chance = {block->tag + n};

    return BLOCK_END + chance_below(&chance, block->filled - 2 * BLOCK_END);
}

static void fill_range(const struct block *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        block->start[i] = pattern(block->tag, i);
}

void block_fill(const struct block *block) {
    if (block->filled <= BLOCK_WHOLE) {
        fill_range(block, 0, block->filled);
        return;
    }
    fill_range(block, 0, BLOCK_END);
    fill_range(block, block->filled - BLOCK_END, block->filled);
    for (unsigned n = 0; n < BLOCK_SAMPLES; n++) {
        size_t at = sample(block, n);
        block->start[at] = pattern(block->tag, at);
    }
}

static ptrdiff_t wrong_in(const struct block *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (block->start[i] != pattern(block->tag, i))
            return (ptrdiff_t)i;
    }
    return -1;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

ptrdiff_t block_first_wrong(const struct block *block, size_t count) {
    ptrdiff_t wrong;

    if (block->filled <= BLOCK_WHOLE)
        return wrong_in(block, 0, smaller(count, block->filled));
    wrong = wrong_in(block, 0, smaller(count, BLOCK_END));
    for (unsigned n = 0; wrong < 0 && n < BLOCK_SAMPLES; n++) {
        size_t at = sample(block, n);
        if (at < count)
            wrong = wrong_in(block, at, at + 1);
    }
    if (wrong < 0)
        wrong = wrong_in(block, block->filled - BLOCK_END, smaller(count, block->filled));
    return wrong;
}

static ptrdiff_t nonzero_in(const struct block *block, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (block->start[i] != 0)
            return (ptrdiff_t)i;
    }
    return -1;
}

ptrdiff_t block_first_nonzero(const struct block *block) {
    ptrdiff_t found;

    if (block->size <= 8 * BLOCK_WHOLE)
        return nonzero_in(block, 0, block->size);
    found = nonzero_in(block, 0, BLOCK_END);
    for (unsigned n = 0; found < 0 && n < BLOCK_SAMPLES; n++) {
        size_t at = sample(block, n);
        found = at < block->size ? nonzero_in(block, at, at + 1) : -1;
    }
    return found < 0 ? nonzero_in(block, block->size - BLOCK_END, block->size) : found;
}
