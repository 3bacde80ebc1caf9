/* False sharing: threads write again and again to small blocks of their own. Slow when the
 * allocator put blocks of two threads into one cache line: blocks each thread took itself
 * (false-sharing), or ones that one thread took and gave out, and each frees and takes anew
 * (passive-sharing). */
#include "crew.h"

#include <stdlib.h>

enum { SIZE = 8, WRITES = 400, HELD = 4 };

struct writer {
    volatile char *given[HELD];
    uint64_t rounds;
};

static void write_all(volatile char *const *blocks) {
    for (int i = 0; i < WRITES; i++)
        for (int j = 0; j < HELD; j++)
            (*blocks[j])++;
}

static void *work(void *argument) {
    const struct writer *writer = argument;
    volatile char *blocks[HELD];

    for (int j = 0; j < HELD; j++) {
        free((void *)writer->given[j]);
        blocks[j] = calloc(1, SIZE);
    }
    for (uint64_t i = 0; i < writer->rounds; i++) {
        write_all(blocks);
        for (int j = 0; j < HELD; j++) {
            free((void *)blocks[j]);
            blocks[j] = calloc(1, SIZE);
        }
    }
    for (int j = 0; j < HELD; j++)
        free((void *)blocks[j]);
    return NULL;
}

static uint64_t run(const struct crew *crew, double full, int give) {
    struct writer *writers = calloc(crew->threads, sizeof *writers);
    const uint64_t rounds = crew_share(crew, full, crew->threads);

    /* Block by block in turn: neighbours go to different threads. */
    for (int j = 0; j < HELD && give; j++)
        for (unsigned i = 0; i < crew->threads; i++)
            writers[i].given[j] = malloc(SIZE);
    for (unsigned i = 0; i < crew->threads; i++)
        writers[i].rounds = rounds;
    crew_work(crew->threads, writers, sizeof *writers, work);
    free(writers);
    return rounds * crew->threads * HELD;
}

uint64_t false_sharing_run(const struct crew *crew) {
    return run(crew, 2e5, 0);
}

uint64_t passive_sharing_run(const struct crew *crew) {
    return run(crew, 2e5, 1);
}
