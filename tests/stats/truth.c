/* A program that knows what it holds, for comparing with what poolstat says of it.
 *
 * Told "NAME\n" on stdin it does a step and answers "NAME BLOCKS BYTES\n": the blocks it holds
 * then, and their bytes as libpool counts them: the block of the size class for small ones, what
 * was asked for above. The steps:
 *
 *   base    threads run, nothing is held
 *   churn   many random operations in all threads, blocks handed from thread to thread to be
 *           freed there, one thread that ended; then everybody rests
 *   motion  starts threads that replace one of their blocks by another of the same size, again
 *           and again, and go on: the number held is known to within one per thread
 *   still   ends the motion
 *   free    frees everything that it holds
 *   idle    does nothing
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "types.h"

#define WORKERS       4
#define SLOTS         5000
#define OPERATIONS    200000
#define QUEUE         256
#define MOVING_BLOCKS 20000
#define MOVING_SIZE   128 /* a class that no other's pools serve meanwhile */

struct held {
    void *block;
    size_t size; /* as asked for */
};

struct worker {
    pthread_t thread;
    uint64_t random;
    struct held slot[SLOTS];
    void *moving[MOVING_BLOCKS];
};

static struct worker workers[WORKERS + 1]; /* the last one's thread ends */
static pthread_barrier_t barrier;
static _Atomic int step; /* what the workers are to do */
static _Atomic bool in_motion;
enum { STEP_CHURN, STEP_MOTION, STEP_FREE };

/* Blocks on their way to the thread that frees what others allocated. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *block[QUEUE];
    int count;
    int freed_all;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static uint64_t next_random(struct worker *w) {
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static size_t random_size(struct worker *w) {
    uint64_t r = next_random(w) >> 11;
    switch (r % 1000) {
    case 0:
        return 1000000 + r / 1000 % 3000000;
    case 1 ... 5:
        return 32769 + r / 1000 % 800000;
    case 6 ... 60:
        return 1024 + r / 1000 % 31000;
    default:
        return r / 1000 % 1024;
    }
}

static void give_away(void *block) {
    pthread_mutex_lock(&queue.lock);
    while (queue.count == QUEUE)
        pthread_cond_wait(&queue.changed, &queue.lock);
    queue.block[queue.count++] = block;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
}

static void *free_for_others(void *unused) {
    (void)unused;
    pthread_mutex_lock(&queue.lock);
    for (;;) {
        while (queue.count == 0)
            pthread_cond_wait(&queue.changed, &queue.lock);
        free(queue.block[--queue.count]);
        pthread_cond_broadcast(&queue.changed);
    }
    return NULL;
}

static void await_queue(void) {
    pthread_mutex_lock(&queue.lock);
    while (queue.count > 0)
        pthread_cond_wait(&queue.changed, &queue.lock);
    pthread_mutex_unlock(&queue.lock);
}

static void replace(struct held *held, size_t size, uint64_t how) {
    if (held->block && how % 4 == 0) {
        held->block = realloc(held->block, size ? size : 1);
        held->size = size ? size : 1;
        return;
    }
    if (held->block && how % 4 == 1)
        give_away(held->block);
    else
        free(held->block);
    held->block = how % 8 == 7 ? NULL : malloc(size);
    held->size = size;
}

static void churn(struct worker *w) {
    for (int i = 0; i < OPERATIONS; i++) {
        uint64_t how = next_random(w) >> 9;
        replace(&w->slot[how / 16 % SLOTS], random_size(w), how);
    }
}

static void move(struct worker *w) {
    for (int i = 0; i < MOVING_BLOCKS; i++)
        w->moving[i] = malloc(MOVING_SIZE);
    pthread_barrier_wait(&barrier);
    while (atomic_load_explicit(&in_motion, memory_order_relaxed)) {
        void **one = &w->moving[(next_random(w) >> 9) % MOVING_BLOCKS];
        free(*one);
        *one = malloc(MOVING_SIZE);
    }
}

static void free_all(struct worker *w) {
    for (int i = 0; i < SLOTS; i++) {
        free(w->slot[i].block);
        w->slot[i].block = NULL;
    }
    for (int i = 0; i < MOVING_BLOCKS; i++) {
        free(w->moving[i]);
        w->moving[i] = NULL;
    }
}

/* Every step begins and ends at the barrier. */
static void *work(void *context) {
    struct worker *w = context;
    for (;;) {
        pthread_barrier_wait(&barrier);
        if (step == STEP_CHURN)
            churn(w);
        else if (step == STEP_MOTION)
            move(w);
        else
            free_all(w);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void *work_and_end(void *context) {
    churn(context);
    return NULL;
}

static void all_do(int what) {
    step = what;
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier); /* in motion: everybody has what he will hold */
}

static void run_thread_that_ends(void *(*body)(void *), struct worker *w) {
    pthread_create(&w->thread, NULL, body, w);
    pthread_join(w->thread, NULL);
}

static void *do_nothing(void *context) {
    return context;
}

static size_t counted_bytes(const struct held *held) {
    return held->size <= SMALL_MAX ? malloc_usable_size(held->block) : held->size;
}

static void answer(const char *name) {
    unsigned long blocks = 0, bytes = 0;
    char line[128];
    for (int t = 0; t <= WORKERS; t++) {
        for (int i = 0; i < SLOTS; i++) {
            blocks += workers[t].slot[i].block != NULL;
            bytes += workers[t].slot[i].block ? counted_bytes(&workers[t].slot[i]) : 0;
        }
        for (int i = 0; i < MOVING_BLOCKS; i++) {
            blocks += workers[t].moving[i] != NULL;
            bytes += workers[t].moving[i] ? (MOVING_SIZE + 15) / 16 * 16 : 0;
        }
    }
    int n = snprintf(line, sizeof line, "%s %lu %lu\n", name, blocks, bytes);
    if (write(1, line, (size_t)n) != n)
        exit(1);
}

static void do_step(const char *name) {
    if (strcmp(name, "churn") == 0) {
        run_thread_that_ends(work_and_end, &workers[WORKERS]);
        all_do(STEP_CHURN);
        await_queue();
    } else if (strcmp(name, "motion") == 0) {
        in_motion = true;
        all_do(STEP_MOTION);
    } else if (strcmp(name, "still") == 0) {
        in_motion = false;
        pthread_barrier_wait(&barrier);
    } else if (strcmp(name, "free") == 0) {
        all_do(STEP_FREE);
        free_all(&workers[WORKERS]);
    }
    answer(name);
}

static bool read_line(char *line, size_t room) {
    size_t n = 0;
    while (n + 1 < room && read(0, &line[n], 1) == 1) {
        if (line[n] == '\n') {
            line[n] = 0;
            return true;
        }
        n++;
    }
    return false;
}

int main(void) {
    char line[32];
    pthread_t freer;
    pthread_barrier_init(&barrier, NULL, WORKERS + 1);
    for (int t = 0; t <= WORKERS; t++)
        workers[t].random = 88172645463325252u + (uint64_t)t * 7919;
    pthread_create(&freer, NULL, free_for_others, NULL);
    for (int t = 0; t < WORKERS; t++)
        pthread_create(&workers[t].thread, NULL, work, &workers[t]);
    run_thread_that_ends(do_nothing, &workers[WORKERS]);
    while (read_line(line, sizeof line))
        do_step(line);
    return 0;
}
