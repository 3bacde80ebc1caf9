/* Asymmetric pools of threads: one that takes for many that free (fan-out), and many that take
 * for one that frees (fan-in). The many also keep blocks of their own. */
#include "crew.h"

#include <stdlib.h>

enum { LARGEST = 1024, KEPT = 200 };

struct member {
    struct queue *queue;
    uint64_t batches;
    uint64_t state;
    int takes;
    int alone; /* the one of the many: it has no blocks of its own */
};

static void own_work(void **kept, uint64_t *state) {
    for (int i = 0; i < BATCH / 4; i++) {
        const uint64_t number = next_random(state);
        void **slot = &kept[(number >> 20) % KEPT];
        block_free(*slot);
        *slot = block_take(block_size(number, LARGEST));
    }
}

static void *work(void *argument) {
    struct member *member = argument;
    void *kept[KEPT] = {NULL};
    struct batch batch;

    for (uint64_t i = 0; i < member->batches; i++) {
        if (member->takes) {
            batch_take(&batch, &member->state, LARGEST);
            queue_put(member->queue, &batch);
        } else {
            queue_get(member->queue, &batch);
            batch_free(&batch);
        }
        if (!member->alone)
            own_work(kept, &member->state);
    }
    for (int i = 0; i < KEPT; i++)
        block_free(kept[i]);
    return NULL;
}

static uint64_t run_fan(const struct crew *crew, double full, int one_takes) {
    const unsigned many = crew->threads < 3 ? 2 : crew->threads - 1;
    const uint64_t batches = crew_share(crew, full / BATCH, many);
    struct member *members = calloc(many + 1, sizeof *members);
    struct queue *queue = malloc(sizeof *queue);

    queue_init(queue);
    members[0] = (struct member){queue, batches * many, 0, one_takes, 1};
    for (unsigned i = 1; i <= many; i++)
        members[i] = (struct member){queue, batches, i, !one_takes, 0};
    crew_work(many + 1, members, sizeof *members, work);
    free(queue);
    free(members);
    return batches * many * (BATCH + BATCH / 4);
}

uint64_t fan_out_run(const struct crew *crew) {
    return run_fan(crew, 3e6, 1);
}

uint64_t fan_in_run(const struct crew *crew) {
    return run_fan(crew, 3e6, 0);
}
