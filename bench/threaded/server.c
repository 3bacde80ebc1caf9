/* A server: each thread serves connections whose blocks come and go at random, then ends and
 * leaves them to a fresh thread, which goes on freeing them. Blocks outlive their thread. */
#include "crew.h"

#include <stdlib.h>

enum { SLOTS = 20000, GENERATIONS = 12, LARGEST = 4096 };

struct desk {
    void *slots[SLOTS];
    uint64_t state;
    uint64_t requests;
};

static void *serve(void *argument) {
    struct desk *desk = argument;
    for (uint64_t i = 0; i < desk->requests; i++) {
        const uint64_t number = next_random(&desk->state);
        void **slot = &desk->slots[(number >> 20) % SLOTS];
        block_free(*slot);
        *slot = block_take(block_size(number, LARGEST));
    }
    return NULL;
}

uint64_t server_run(const struct crew *crew) {
    struct desk *desks = calloc(crew->threads, sizeof *desks);
    const uint64_t requests = crew_share(crew, 6e6, crew->threads * GENERATIONS);

    for (unsigned i = 0; i < crew->threads; i++) {
        desks[i].state = i;
        desks[i].requests = requests;
    }
    for (int generation = 0; generation < GENERATIONS; generation++)
        crew_work(crew->threads, desks, sizeof *desks, serve);
    for (unsigned i = 0; i < crew->threads; i++)
        for (int j = 0; j < SLOTS; j++)
            block_free(desks[i].slots[j]);
    free(desks);
    return requests * GENERATIONS * crew->threads;
}
