/*
 * Idle threads: each takes and frees a block of each of 64 small sizes, 8 to 4096 bytes, and then
 * waits. What that leaves in memory is what a thread costs which has nothing to do.
 *
 *   idle THREADS nothing    the threads take no block
 *   idle THREADS turns      each block is freed before the next is taken
 *   idle THREADS together   all are taken, then all are freed
 *
 * Says how many bytes are resident while all threads wait: figure resident BYTES
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SIZES = 64, LEAST = 8, MOST = 4096, MOST_THREADS = 1024, STACK = 256 << 10 };

enum mode { NOTHING, TURNS, TOGETHER };

static pthread_barrier_t worked, measured;

static void *take(unsigned which) {
    const size_t size = LEAST + which * (size_t)(MOST - LEAST) / (SIZES - 1);
    void *block = malloc(size);
    if (!block) {
        fprintf(stderr, "idle: no memory for a block of %zu bytes\n", size);
        exit(1);
    }
    return memset(block, 1, size);
}

static void *work(void *argument) {
    const enum mode mode = *(const enum mode *)argument;
    void *blocks[SIZES];

    for (unsigned i = 0; i < SIZES && mode == TURNS; i++)
        free(take(i));
    for (unsigned i = 0; i < SIZES && mode == TOGETHER; i++)
        blocks[i] = take(i);
    for (unsigned i = 0; i < SIZES && mode == TOGETHER; i++)
        free(blocks[i]);
    pthread_barrier_wait(&worked);
    pthread_barrier_wait(&measured);
    return NULL;
}

/* From smaps_rollup: statm may be off by what each core has not yet added up. Takes no memory. */
static unsigned long resident(void) {
    static char text[4096];
    const int file = open("/proc/self/smaps_rollup", O_RDONLY);
    const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    const char *line = length > 0 ? strstr(text, "\nRss:") : NULL;
    if (!line) {
        perror("idle: /proc/self/smaps_rollup");
        exit(1);
    }
    close(file);
    return strtoul(line + 5, NULL, 10) * 1024;
}

static void run(unsigned count, enum mode mode) {
    static pthread_t threads[MOST_THREADS];
    const struct timespec moment = {.tv_nsec = 50000000};
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_barrier_init(&worked, NULL, count + 1);
    pthread_barrier_init(&measured, NULL, count + 1);
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&threads[i], &attributes, work, &mode)) {
            fprintf(stderr, "idle: thread %u of %u could not be started\n", i + 1, count);
            exit(1);
        }
    }
    pthread_barrier_wait(&worked);
    nanosleep(&moment, NULL);
    const unsigned long bytes = resident();
    pthread_barrier_wait(&measured);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%u threads\nfigure resident %lu\n", count, bytes);
}

int main(int argc, char **argv) {
    static const char *const modes[] = {"nothing", "turns", "together"};
    const unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

    for (enum mode mode = NOTHING; count > 0 && count <= MOST_THREADS && mode <= TOGETHER; mode++) {
        if (strcmp(argv[2], modes[mode]) == 0) {
            run((unsigned)count, mode);
            return 0;
        }
    }
    fprintf(stderr, "idle: THREADS (1 to %d) nothing|turns|together\n", MOST_THREADS);
    return 2;
}
