/* Many blocks taken, then all given back: in the opposite, the same, and a random order. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>

enum { BLOCKS = 10000, SIZE = 64 };

enum { LIFO, FIFO, RANDOM };

static void fill_order(unsigned *order, size_t kind) {
    uint64_t state = 11;
    for (unsigned i = 0; i < BLOCKS; i++)
        order[i] = kind == LIFO ? BLOCKS - 1 - i : i;
    if (kind != RANDOM)
        return;
    for (unsigned i = BLOCKS - 1; i > 0; i--) {
        const unsigned other = (unsigned)(gbench_random(&state) % (i + 1));
        const unsigned kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static void order_body(struct gbench *bench, size_t kind) {
    static unsigned order[BLOCKS];
    static char *blocks[BLOCKS];

    fill_order(order, kind);
    while (gbench_next(bench)) {
        for (unsigned i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(SIZE);
            *blocks[i] = 1;
        }
        for (unsigned i = 0; i < BLOCKS; i++)
            free(blocks[order[i]]);
    }
    gbench_operations(bench, BLOCKS);
}

void order_register(void) {
    gbench_register("order-lifo", order_body, LIFO, 1000);
    gbench_register("order-fifo", order_body, FIFO, 1000);
    gbench_register("order-random", order_body, RANDOM, 600);
}
