/* Threads that live a moment: each takes some hundred blocks, frees most, and leaves a few to the
 * next in line, which frees them. Start and end of a thread are what counts. */
#include "crew.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 300, LEFT = 20, LARGEST = 2048 };

struct line {
    uint64_t threads;
    uint64_t state;
    void *left[LEFT];
};

static void *live(void *argument) {
    struct line *line = argument;
    void *blocks[BLOCKS];
    uint64_t state = ++line->state;

    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = block_take(block_size(next_random(&state), LARGEST));
    for (int i = 0; i < LEFT; i++)
        block_free(line->left[i]);
    for (int i = LEFT; i < BLOCKS; i++)
        block_free(blocks[i]);
    memcpy(line->left, blocks, sizeof line->left);
    return NULL;
}

static void *run_line(void *argument) {
    struct line *line = argument;
    for (uint64_t i = 0; i < line->threads; i++)
        crew_work(1, line, sizeof *line, live);
    for (int i = 0; i < LEFT; i++)
        block_free(line->left[i]);
    return NULL;
}

uint64_t short_lived_run(const struct crew *crew) {
    struct line *lines = calloc(crew->threads, sizeof *lines);
    const uint64_t threads = crew_share(crew, 1e4, crew->threads);

    for (unsigned i = 0; i < crew->threads; i++) {
        lines[i].threads = threads;
        lines[i].state = (uint64_t)i << 32;
    }
    crew_work(crew->threads, lines, sizeof *lines, run_line);
    free(lines);
    return threads * crew->threads * BLOCKS;
}
