/* A working set of live blocks of 16 to 143 bytes, replaced one by one at random: from one that
 * fits the L1 cache to one beyond L3. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>
#include <string.h>

enum { REPLACEMENTS = 1000, MEAN_SIZE = 80 };

static void replace(char **slot, uint64_t number) {
    const size_t size = 16 + (number >> 56) / 2;
    free(*slot);
    *slot = malloc(size);
    memset(*slot, (int)number, size < 32 ? size : 32);
}

static void set_body(struct gbench *bench, size_t bytes) {
    const size_t count = bytes / MEAN_SIZE;
    char **blocks = calloc(count, sizeof *blocks);
    uint64_t state = 13;

    for (size_t i = 0; i < count; i++)
        replace(&blocks[i], gbench_random(&state));
    while (gbench_next(bench)) {
        for (int i = 0; i < REPLACEMENTS; i++) {
            const uint64_t number = gbench_random(&state);
            replace(&blocks[(number >> 8) % count], number);
        }
    }
    gbench_operations(bench, REPLACEMENTS);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
    free(blocks);
}

void set_register(void) {
    gbench_register("set-L1", set_body, 16 << 10, 10000);
    gbench_register("set-L2", set_body, 512 << 10, 6000);
    gbench_register("set-L3", set_body, 8 << 20, 3000);
    gbench_register("set-memory", set_body, 96 << 20, 1500);
}
