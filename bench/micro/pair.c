/* A malloc and its free, one after the other: the fast path and nothing else. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>

enum { PAIRS = 1000 };

static void pair_body(struct gbench *bench, size_t size) {
    while (gbench_next(bench)) {
        for (int i = 0; i < PAIRS; i++) {
            char *block = malloc(size);
            *block = 1;
            gbench_keep(block);
            free(block);
        }
    }
    gbench_operations(bench, PAIRS);
}

/* Sizes as programs ask for them: most below 128 bytes, a few of some kilobytes. */
static size_t mixed_size(uint64_t *state) {
    const uint64_t number = gbench_random(state);
    const unsigned doublings = (unsigned)__builtin_ctzll(number | 1u << 9);
    return 8 + (number >> 32) % (16u << doublings);
}

static void mixed_body(struct gbench *bench, size_t window) {
    static size_t sizes[PAIRS];
    char *blocks[16] = {NULL};
    uint64_t state = 7;

    for (int i = 0; i < PAIRS; i++)
        sizes[i] = mixed_size(&state);
    while (gbench_next(bench)) {
        for (size_t i = 0; i < PAIRS; i++) {
            char **slot = &blocks[i % window];
            free(*slot);
            *slot = malloc(sizes[i]);
            **slot = 1;
        }
    }
    gbench_operations(bench, PAIRS);
    for (size_t i = 0; i < window; i++)
        free(blocks[i]);
}

void pair_register(void) {
    gbench_register("pair-16", pair_body, 16, 20000);
    gbench_register("pair-64", pair_body, 64, 20000);
    gbench_register("pair-256", pair_body, 256, 20000);
    gbench_register("pair-1024", pair_body, 1024, 16000);
    gbench_register("pair-8K", pair_body, 8 << 10, 6000);
    gbench_register("pair-64K", pair_body, 64 << 10, 4000);
    gbench_register("pair-1M", pair_body, 1 << 20, 2000);
    gbench_register("pair-mixed", mixed_body, 16, 10000);
}
