/* A burst: 500 MB are allocated, 96 % of them freed, and one second later the process must not
   hold more than a fifth above what lives, and 2 MiB. Then the rest is freed and it must hold
   nothing.
 *
 *   burst same run      the thread that allocated frees, and goes on with small requests
 *   burst same sleep    it frees, then sleeps: nobody calls the allocator again
 *   burst other run     another thread frees and goes on; the owner sleeps all the while
 *   burst other sleep   another thread frees; then all sleep
 *
 * A sleeping owner may keep what it had at hand, see bytes_at_hand().
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support.h"

#define BURST_BYTES     (500 * (size_t)1000000)
#define MAX_BLOCKS      400000
#define LIVE_SHARE      0.04
#define ALLOWED_RATIO   1.2
#define ALLOWED_BYTES   (2 * MIB)
#define ALLOWED_SECONDS 1.0

static char **blocks;
static size_t *sizes;
static unsigned *order;
static unsigned block_count, live_first, live_count;
static size_t live_bytes;
static int runs_on;

/* Records lie outside the heap, and are touched before the first look at resident memory. */
static void *record_memory(size_t bytes) {
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start == MAP_FAILED)
        fail("burst: no memory for the records");
    memset(start, 0, bytes);
    return start;
}

static void allocate_burst(void) {
    struct chance chance = {11};
    size_t bytes = 0;

    while (bytes < BURST_BYTES && block_count < MAX_BLOCKS) {
        int large = chance_below(&chance, 1000) == 0;
        size_t size = large ? chance_log(&chance, MIB, 4 * MIB) : chance_log(&chance, 16, 65536);
        blocks[block_count] = malloc(size);
        if (blocks[block_count] == NULL)
            fail("burst: no memory after %zu bytes", bytes);
        memset(blocks[block_count], 1, size);
        sizes[block_count++] = size;
        bytes += size;
    }
}

/* The survivors were allocated one after the other, in the middle of the burst. */
static void choose_survivors(void) {
    size_t wanted = (size_t)((double)BURST_BYTES * LIVE_SHARE);

    live_first = block_count / 2;
    while (live_bytes < wanted && live_first + live_count < block_count)
        live_bytes += sizes[live_first + live_count++];
}

static void shuffle_order(void) {
    struct chance chance = {12};

    for (unsigned i = 0; i < block_count; i++) {
        unsigned j = (unsigned)chance_below(&chance, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

static int survives(unsigned block) {
    return block >= live_first && block < live_first + live_count;
}

static void *free_most(void *unused) {
    for (unsigned i = 0; i < block_count; i++) {
        if (!survives(order[i]))
            free(blocks[order[i]]);
    }
    return unused;
}

static void *free_rest(void *unused) {
    for (unsigned i = live_first; i < live_first + live_count; i++) {
        if (blocks[i][0] != 1 || blocks[i][sizes[i] - 1] != 1)
            fail("burst: a survivor was overwritten");
        free(blocks[i]);
    }
    return unused;
}

/* A program that runs on: a thousand small requests, then a pause, again and again. */
static void work_a_little(struct chance *chance) {
    char *held[32] = {0};

    for (unsigned i = 0; i < 1000; i++) {
        char **slot = &held[chance_below(chance, 32)];
        free(*slot);
        *slot = malloc(chance_log(chance, 16, 512));
    }
    for (unsigned i = 0; i < 32; i++)
        free(held[i]);
}

/* Of each size that this thread has asked for it has one pool at hand, from which it allocates
   without any atomic operation: so while it sleeps, nobody else can take that pool from it, even if
   all its blocks are freed. That is the price of the fast path, and this is how much it can be at
   most: the bytes of one pool of each size class, as malloc_info tells them. */
static size_t bytes_at_hand(void) {
    size_t bytes, pools, blocks, sum = 0, length;
    char *text = NULL;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL || malloc_info(0, stream) != 0 || fclose(stream) != 0)
        fail("burst: malloc_info does not answer");
    for (const char *at = text; (at = strstr(at, "<size bytes=")) != NULL; at++) {
        if (sscanf(at,
                   "<size bytes=\"%zu\" pools=\"%zu\" live=\"%*u\" free=\"%*u\" capacity=\"%zu\"",
                   &bytes, &pools, &blocks) == 3)
            sum += bytes * blocks / pools;
    }
    free(text);
    return sum;
}

/* Waits until resident memory is as low as it must be, or the time is over. */
static double wait_until_low(size_t base, size_t allowed, size_t *resident) {
    struct chance chance = {13};
    double start = seconds_now(), waited;

    do {
        if (runs_on)
            work_a_little(&chance);
        sleep_seconds(0.02);
        waited = seconds_now() - start;
        *resident = resident_bytes();
        *resident = *resident > base ? *resident - base : 0;
    } while (*resident > allowed && waited < ALLOWED_SECONDS);
    return waited;
}

struct phase {
    const char *name;
    void *(*work)(void *);
    size_t base, live, at_hand;
    int good;
};

static void *play_phase(void *argument) {
    struct phase *phase = argument;
    size_t allowed = (size_t)((double)phase->live * ALLOWED_RATIO) + ALLOWED_BYTES + phase->at_hand;
    double start = seconds_now(), freeing, waited;
    size_t resident;

    phase->work(NULL);
    freeing = seconds_now() - start;
    waited = wait_until_low(phase->base, allowed, &resident);
    phase->good = resident <= allowed;
    printf("%s: live %.1f MiB, resident %.1f MiB, allowed %.1f MiB; freed in %.2f s, %s %.2f s\n",
           phase->name, (double)phase->live / (double)MIB, (double)resident / (double)MIB,
           (double)allowed / (double)MIB, freeing, phase->good ? "low after" : "still high after",
           waited);
    return NULL;
}

static int play(struct phase *phase, int by_other) {
    pthread_t other;

    if (!by_other) {
        play_phase(phase);
        return phase->good;
    }
    if (pthread_create(&other, NULL, play_phase, phase) != 0)
        fail("burst: a thread cannot be started");
    pthread_join(other, NULL);
    return phase->good;
}

/* Where huge pages come unasked, ends of blocks that nobody touched are resident: the limits are
 * for small ones. Started anew, for what was touched before main. */
static void small_pages(char **argv) {
    if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) != 0)
        return;
    if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0)
        execv("/proc/self/exe", argv);
    fail("burst: cannot do without huge pages");
}

int main(int argc, char **argv) {
    int by_other = argc == 3 && strcmp(argv[1], "other") == 0, good;
    size_t base, at_hand;

    if (argc != 3 || (!by_other && strcmp(argv[1], "same") != 0)) {
        fputs("burst same|other run|sleep\n", stderr);
        return 2;
    }
    small_pages(argv);
    runs_on = strcmp(argv[2], "run") == 0;
    require_subject();
    blocks = record_memory(MAX_BLOCKS * sizeof *blocks);
    sizes = record_memory(MAX_BLOCKS * sizeof *sizes);
    order = record_memory(MAX_BLOCKS * sizeof *order);
    base = resident_bytes();
    allocate_burst();
    choose_survivors();
    shuffle_order();
    at_hand = by_other ? bytes_at_hand() : 0;
    printf("burst: %u blocks, resident %.1f MiB, at the sleeping owner's hand %.1f MiB at most\n",
           block_count, (double)(resident_bytes() - base) / (double)MIB,
           (double)at_hand / (double)MIB);
    good = play(&(struct phase){"96 % freed", free_most, base, live_bytes, at_hand, 0}, by_other);
    good &= play(&(struct phase){"all freed", free_rest, base, 0, at_hand, 0}, by_other);
    if (!good)
        fail("burst: freed memory did not go back to the system");
    return 0;
}
