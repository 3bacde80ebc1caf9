/* Ten thousand threads come and go, each leaving blocks that others free after its end: resident
   memory must not grow with the number of threads that there have been. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define ALL_THREADS  10000
#define FIRST_LOOK   1000
#define BATCH        20
#define BATCHES      (ALL_THREADS / BATCH)
#define LOOKS        50
#define OWN_BLOCKS   40
#define LEFT_BLOCKS  6
#define GROWTH_LIMIT MIB

/* What one thread of a batch leaves behind; its place in the next batch frees it. */
struct place {
    unsigned thread;
    char *left[LEFT_BLOCKS];
    size_t sizes[LEFT_BLOCKS];
};

static pthread_barrier_t all_there;

static void free_left(struct place *place) {
    for (unsigned i = 0; i < LEFT_BLOCKS; i++) {
        char *block = place->left[i];
        if (block == NULL)
            continue;
        if (block[0] != (char)i || block[place->sizes[i] - 1] != (char)i)
            fail("threads: a block of an ended thread was overwritten");
        free(block);
        place->left[i] = NULL;
    }
}

static char *new_block(size_t size, char mark) {
    char *block = malloc(size);

    if (block == NULL)
        fail("threads: no memory for %zu bytes", size);
    memset(block, mark, size);
    return block;
}

static void *live(void *argument) {
    struct place *place = argument;
    /* Every thread does the same, so that nothing but the number of threads can need more. */
    struct chance chance = {1};
    char *own[OWN_BLOCKS];

    for (unsigned i = 0; i < OWN_BLOCKS; i++)
        own[i] = new_block(chance_log(&chance, 16, 32768), 1);
    /* All threads of a batch hold their blocks at once, so that every batch needs the same. */
    pthread_barrier_wait(&all_there);
    if (place->thread % 2 == 0)
        free_left(place);
    for (unsigned i = 0; i < LEFT_BLOCKS; i++) {
        char *before = place->left[i];
        if (before != NULL)
            continue;
        place->sizes[i] = chance_log(&chance, 16, 16384);
        place->left[i] = new_block(place->sizes[i], (char)i);
    }
    for (unsigned i = 0; i < OWN_BLOCKS; i++)
        free(own[i]);
    return NULL;
}

static void play_batch(struct place *places, unsigned first) {
    pthread_t threads[BATCH];

    for (unsigned i = 0; i < BATCH; i++) {
        places[i].thread = first + i;
        /* The main thread frees for every other place what the thread before it left. */
        if (i % 2 == 1)
            free_left(&places[i]);
        if (pthread_create(&threads[i], NULL, live, &places[i]) != 0)
            fail("threads: thread %u cannot be started", first + i);
    }
    for (unsigned i = 0; i < BATCH; i++)
        pthread_join(threads[i], NULL);
}

static int by_size(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return x < y ? -1 : x > y;
}

/* After each batch the same blocks live, but in which pools depends on how its threads met: one
   reading alone would tell more about that than about growth. */
static size_t median(size_t *looks) {
    qsort(looks, LOOKS, sizeof *looks, by_size);
    return looks[LOOKS / 2];
}

int main(void) {
    static struct place places[BATCH];
    static size_t resident[BATCHES];
    size_t first, last;
    double begun = seconds_now();

    require_subject();
    pthread_barrier_init(&all_there, NULL, BATCH);
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        play_batch(places, batch * BATCH);
        resident[batch] = resident_bytes();
    }
    first = median(&resident[FIRST_LOOK / BATCH - LOOKS / 2]);
    last = median(&resident[BATCHES - LOOKS]);
    for (unsigned i = 0; i < BATCH; i++)
        free_left(&places[i]);
    printf("%d threads, %.1f s; resident %.2f MiB around %d, %.2f MiB at the end\n", ALL_THREADS,
           seconds_now() - begun, (double)first / (double)MIB, FIRST_LOOK,
           (double)last / (double)MIB);
    if (last > first + GROWTH_LIMIT)
        fail("threads: resident memory grew by %.2f MiB, more than %.2f MiB",
             (double)(last - first) / (double)MIB, (double)GROWTH_LIMIT / (double)MIB);
    return 0;
}
