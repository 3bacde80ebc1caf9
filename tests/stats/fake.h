/* An allocator that is nothing but its rows: what the publisher is told is exactly known. */
#ifndef TESTS_STATS_FAKE_H
#define TESTS_STATS_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"

struct fake {
    uint64_t value; /* every number of every row is derived from it, see fake_number */
    uint32_t arenas, heaps;
    bool fails;            /* rows_read returns false */
    unsigned reads;        /* calls of rows_read */
    void (*in_walk)(void); /* called by rows_read, once, in its middle */
    unsigned trims;        /* calls of pool_trim */
};
extern struct fake fake;

/* What the `word`th 64-bit word of row `index` holds while fake.value is `value`. */
uint64_t fake_word(uint64_t value, uint32_t index, uint32_t word);

/* Whether `words` words hold what fake_word says for some value; that value in `*value`. */
bool fake_is_whole(const void *row, uint32_t index, uint32_t words, uint64_t *value);

#endif
