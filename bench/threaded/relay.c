/* Producers and consumers in pairs: in one direction (relay), where every block is freed by
 * another thread than took it, and in both (exchange), where partners swap what they took. */
#include "crew.h"

#include <stdlib.h>

enum { LARGEST = 512 };

struct end {
    struct queue *to, *from;
    uint64_t batches;
    uint64_t state;
};

static void *relay(void *argument) {
    struct end *end = argument;
    struct batch batch;
    for (uint64_t i = 0; i < end->batches; i++) {
        if (end->to) {
            batch_take(&batch, &end->state, LARGEST);
            queue_put(end->to, &batch);
        } else {
            queue_get(end->from, &batch);
            batch_free(&batch);
        }
    }
    return NULL;
}

/* Each side is a few batches ahead of the other, never the whole queue: neither waits forever. */
static void *exchange(void *argument) {
    struct end *end = argument;
    struct batch batch;
    for (uint64_t i = 0; i < end->batches; i++) {
        batch_take(&batch, &end->state, LARGEST);
        queue_put(end->to, &batch);
        if (i < QUEUE_ROOM / 2)
            continue;
        queue_get(end->from, &batch);
        batch_free(&batch);
    }
    for (uint64_t i = 0; i < QUEUE_ROOM / 2 && i < end->batches; i++) {
        queue_get(end->from, &batch);
        batch_free(&batch);
    }
    return NULL;
}

static uint64_t run_pairs(const struct crew *crew, double full, void *(*work)(void *), int both) {
    const unsigned pairs = crew->threads < 4 ? 1 : crew->threads / 2;
    const uint64_t batches = crew_share(crew, full / BATCH, pairs * (both ? 2 : 1));
    struct end *ends = calloc((size_t)pairs * 2, sizeof *ends);
    struct queue *queues = calloc((size_t)pairs * 2, sizeof *queues);

    for (unsigned i = 0; i < pairs; i++) {
        struct queue *there = &queues[2 * i], *back = &queues[2 * i + 1];
        queue_init(there);
        queue_init(back);
        ends[2 * i] = (struct end){there, both ? back : NULL, batches, 2 * i};
        ends[2 * i + 1] = (struct end){both ? back : NULL, there, batches, 2 * i + 1};
    }
    crew_work(pairs * 2, ends, sizeof *ends, work);
    free(queues);
    free(ends);
    return batches * BATCH * pairs * (both ? 2 : 1);
}

uint64_t relay_run(const struct crew *crew) {
    return run_pairs(crew, 4e6, relay, 0);
}

uint64_t exchange_run(const struct crew *crew) {
    return run_pairs(crew, 5e6, exchange, 1);
}
