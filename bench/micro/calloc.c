/* Zeroed blocks, some of which were dirtied and freed before: zeroes are checked at both ends. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>

enum { WINDOW = 32 };

static void calloc_body(struct gbench *bench, size_t size) {
    char *blocks[WINDOW] = {NULL};

    while (gbench_next(bench)) {
        for (int i = 0; i < WINDOW; i++) {
            free(blocks[i]);
            blocks[i] = calloc(1, size);
            if (blocks[i][0] | blocks[i][size / 2] | blocks[i][size - 1]) {
                gbench_fail(bench, "calloc gave a block that is not zero");
                return;
            }
            blocks[i][0] = blocks[i][size / 2] = blocks[i][size - 1] = 1;
        }
    }
    gbench_operations(bench, WINDOW);
    for (int i = 0; i < WINDOW; i++)
        free(blocks[i]);
}

void calloc_register(void) {
    gbench_register("calloc-64", calloc_body, 64, 300000);
    gbench_register("calloc-4K", calloc_body, 4 << 10, 60000);
    gbench_register("calloc-256K", calloc_body, 256 << 10, 1000);
}
