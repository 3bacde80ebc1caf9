/* Large blocks that come and go, many live: what an allocator keeps of them, and what it pays to
 * map and fault them in again. Every 4 KiB of a block is written once. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>

enum { LIVE = 40, REPLACEMENTS = 10 };

static void replace(char **slot, size_t size) {
    free(*slot);
    *slot = malloc(size);
    for (size_t at = 0; at < size; at += 4096)
        (*slot)[at] = 1;
}

/* Sizes are spread evenly from `least` to eight times that. */
static void large_body(struct gbench *bench, size_t least) {
    char *blocks[LIVE] = {NULL};
    uint64_t state = 17;

    while (gbench_next(bench)) {
        for (int i = 0; i < REPLACEMENTS; i++) {
            const uint64_t number = gbench_random(&state);
            replace(&blocks[(number >> 40) % LIVE], least + (number & 0xffffffff) % (7 * least));
        }
    }
    gbench_operations(bench, REPLACEMENTS);
    for (int i = 0; i < LIVE; i++)
        free(blocks[i]);
}

void large_register(void) {
    gbench_register("large-64K", large_body, 64 << 10, 3000);
    gbench_register("large-512K", large_body, 512 << 10, 60);
    gbench_register("large-2M", large_body, 2 << 20, 12);
}
