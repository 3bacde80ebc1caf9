/* A table that all threads replace blocks in at random: most blocks are freed by another thread
 * than took them, one at a time and in no order. */
#include "crew.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SLOTS = 65536, LARGEST = 1024 };

static _Atomic(void *) table[SLOTS];

struct worker {
    uint64_t replacements;
    uint64_t state;
};

static void *work(void *argument) {
    struct worker *worker = argument;
    for (uint64_t i = 0; i < worker->replacements; i++) {
        const uint64_t number = next_random(&worker->state);
        void *block = block_take(block_size(number, LARGEST));
        block_free(atomic_exchange(&table[(number >> 20) % SLOTS], block));
    }
    return NULL;
}

uint64_t shared_table_run(const struct crew *crew) {
    struct worker *workers = calloc(crew->threads, sizeof *workers);
    const uint64_t replacements = crew_share(crew, 5e6, crew->threads);

    for (unsigned i = 0; i < crew->threads; i++) {
        workers[i].replacements = replacements;
        workers[i].state = i;
    }
    crew_work(crew->threads, workers, sizeof *workers, work);
    for (int i = 0; i < SLOTS; i++)
        block_free(table[i]);
    free(workers);
    return replacements * crew->threads;
}
