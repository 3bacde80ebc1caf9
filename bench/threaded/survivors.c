/* Mixed sizes with survivors: bursts of blocks up to 32 KiB of which one in twenty stays, in a
 * ring that turns slowly, so that each burst has to fit among what is left of earlier ones. */
#include "crew.h"

#include <stdlib.h>

enum { BURST = 1000, RING = 20000, LARGEST = 32 << 10 };

struct worker {
    uint64_t bursts;
    uint64_t state;
};

static void burst(void **ring, uint64_t *next, uint64_t *state) {
    void *blocks[BURST];

    for (int i = 0; i < BURST; i++)
        blocks[i] = block_take(block_size(next_random(state), LARGEST));
    for (int i = 0; i < BURST; i++) {
        if (next_random(state) % 20) {
            block_free(blocks[i]);
        } else {
            void **slot = &ring[(*next)++ % RING];
            block_free(*slot);
            *slot = blocks[i];
        }
    }
}

static void *work(void *argument) {
    struct worker *worker = argument;
    void **ring = calloc(RING, sizeof *ring);
    uint64_t next = 0;

    for (uint64_t i = 0; i < worker->bursts; i++)
        burst(ring, &next, &worker->state);
    for (int i = 0; i < RING; i++)
        block_free(ring[i]);
    free(ring);
    return NULL;
}

uint64_t survivors_run(const struct crew *crew) {
    struct worker *workers = calloc(crew->threads, sizeof *workers);
    const uint64_t bursts = crew_share(crew, 4e3, crew->threads);

    for (unsigned i = 0; i < crew->threads; i++) {
        workers[i].bursts = bursts;
        workers[i].state = i;
    }
    crew_work(crew->threads, workers, sizeof *workers, work);
    free(workers);
    return bursts * crew->threads * BURST;
}
