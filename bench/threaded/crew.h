/*
 * What the threaded workloads share: a crew of threads, stamped blocks, a queue of batches, and
 * fixed random numbers. The whole of the work is divided among the threads, so that a run with
 * more threads does no more of it.
 */
#ifndef BENCH_THREADED_CREW_H
#define BENCH_THREADED_CREW_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct crew {
    unsigned threads; /* at least 1; workloads that need partners use at least 2 */
    double scale;     /* of the work, 1 for a full run */
};

/* A workload: returns how many blocks it took, which depends on `crew` only. */
typedef uint64_t workload_run(const struct crew *crew);

workload_run server_run, relay_run, exchange_run, fan_out_run, fan_in_run, short_lived_run,
    false_sharing_run, passive_sharing_run, survivors_run, shared_table_run;

/* Runs `work(&members[i])` in a thread for each of `count` members of `size` bytes; joins all. */
void crew_work(unsigned count, void *members, size_t size, void *(*work)(void *));

/* `full` scaled, shared out to one of `parts`; at least 1. */
uint64_t crew_share(const struct crew *crew, double full, unsigned parts);

/* A block that knows its size and carries a stamp at both ends; `size` is raised to 16 at least. */
void *block_take(size_t size);

/* Checks both stamps and frees the block; a changed block ends the program with a message.
 * NULL is accepted. */
void block_free(void *block);

/* Sizes as servers ask for them: 16 to `largest`, a power of two, each doubling half as likely. */
size_t block_size(uint64_t number, size_t largest);

static inline uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Blocks go from thread to thread in batches, so that the queue's lock does not count. */
enum { BATCH = 128 };

struct batch {
    void *blocks[BATCH];
};

enum { QUEUE_ROOM = 8 };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned first, used;
    struct batch batches[QUEUE_ROOM];
};

void queue_init(struct queue *queue);
void queue_put(struct queue *queue, const struct batch *batch); /* waits while it is full */
void queue_get(struct queue *queue, struct batch *batch);       /* waits while it is empty */

/* Fills a batch with new blocks; frees all of one. */
void batch_take(struct batch *batch, uint64_t *state, size_t largest);
void batch_free(const struct batch *batch);

#endif
