#include "crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void crew_work(unsigned count, void *members, size_t size, void *(*work)(void *)) {
    pthread_t *threads = calloc(count, sizeof *threads);
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, (char *)members + i * size)) {
            fprintf(stderr, "threaded: thread %u of %u could not be started\n", i + 1, count);
            exit(1);
        }
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

uint64_t crew_share(const struct crew *crew, double full, unsigned parts) {
    const double share = full * crew->scale / parts;
    return share < 1 ? 1 : (uint64_t)share;
}

static const uint64_t stamp = 0x5a17ed0fb10c4ed5u;

void *block_take(size_t size) {
    if (size < 16)
        size = 16;
    char *block = malloc(size);
    if (!block) {
        fprintf(stderr, "threaded: no memory for a block of %zu bytes\n", size);
        exit(1);
    }
    const uint64_t end = stamp ^ size;
    memcpy(block, &size, 8);
    memcpy(block + size - 8, &end, 8);
    return block;
}

void block_free(void *block) {
    size_t size;
    uint64_t end;

    if (!block)
        return;
    memcpy(&size, block, 8);
    memcpy(&end, (char *)block + (size & 0xffffff) - 8, 8);
    if (end != (stamp ^ size)) {
        fprintf(stderr, "threaded: the block at %p was changed while it was live\n", block);
        abort();
    }
    free(block);
}

size_t block_size(uint64_t number, size_t largest) {
    const unsigned doublings = (unsigned)__builtin_ctzll(number | largest >> 5);
    const size_t top = (size_t)32 << doublings;
    return top / 2 + (number >> 40) % (top / 2) + 1;
}

void queue_init(struct queue *queue) {
    memset(queue, 0, sizeof *queue);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
}

void queue_put(struct queue *queue, const struct batch *batch) {
    pthread_mutex_lock(&queue->lock);
    while (queue->used == QUEUE_ROOM)
        pthread_cond_wait(&queue->changed, &queue->lock);
    queue->batches[(queue->first + queue->used++) % QUEUE_ROOM] = *batch;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void queue_get(struct queue *queue, struct batch *batch) {
    pthread_mutex_lock(&queue->lock);
    while (queue->used == 0)
        pthread_cond_wait(&queue->changed, &queue->lock);
    *batch = queue->batches[queue->first];
    queue->first = (queue->first + 1) % QUEUE_ROOM;
    queue->used--;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void batch_take(struct batch *batch, uint64_t *state, size_t largest) {
    for (int i = 0; i < BATCH; i++)
        batch->blocks[i] = block_take(block_size(next_random(state), largest));
}

void batch_free(const struct batch *batch) {
    for (int i = 0; i < BATCH; i++)
        block_free(batch->blocks[i]);
}
