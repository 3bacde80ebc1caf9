/*
 * A burst: takes many blocks of 16 to 2000 bytes, frees 96 % of them in random order, and is idle.
 * What a server looks like after its busiest hour: what it held before is still there (the first
 * 2 %), and so is what its last clients hold (the last 2 %). Says at the end, for the runner:
 *   figure at-once  RSS over live bytes when the last block was freed
 *   figure idle     the same after the wait
 *   figure waited   seconds of waiting, which are no work
 *
 *   burst [MiB [SECONDS]]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_MIB = 4096, LEAST = 16, MOST = 2000, KEPT_PER_HUNDRED = 2 };

struct burst {
    char **blocks;
    size_t *sizes;
    size_t count;
    size_t live;
    uint64_t state;
};

static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t resident(void) {
    unsigned long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &size, &pages) != 2) {
        perror("burst: /proc/self/statm");
        exit(1);
    }
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void take(struct burst *burst, size_t bytes) {
    while (burst->live < bytes) {
        const size_t size = LEAST + next_random(&burst->state) % (MOST - LEAST);
        burst->blocks[burst->count] = memset(malloc(size), 1, size);
        burst->sizes[burst->count++] = size;
        burst->live += size;
    }
}

/* All between the first and the last few; in an order that has nothing to do with the one in which
 * they were taken. */
static void give_back(struct burst *burst) {
    const size_t kept = burst->count * KEPT_PER_HUNDRED / 100;
    for (size_t left = burst->count - 2 * kept; left > 0; left--) {
        const size_t at = kept + next_random(&burst->state) % left;
        free(burst->blocks[at]);
        burst->live -= burst->sizes[at];
        burst->blocks[at] = burst->blocks[kept + left - 1];
        burst->sizes[at] = burst->sizes[kept + left - 1];
    }
    burst->count = 2 * kept;
}

static void wait(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

int main(int argc, char **argv) {
    const size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    const double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    struct burst burst = {0};

    if (mib < 1 || mib > MOST_MIB || seconds < 0) {
        fprintf(stderr, "burst: [MiB (1 to %d) [SECONDS]]\n", MOST_MIB);
        return 2;
    }
    /* Enough for blocks of half the mean size; what is not used is never touched. */
    const size_t room = (mib << 20) / (MOST / 4);
    burst.blocks = malloc(room * sizeof *burst.blocks);
    burst.sizes = malloc(room * sizeof *burst.sizes);
    take(&burst, mib << 20);
    const size_t own = burst.count * (sizeof *burst.blocks + sizeof *burst.sizes);
    give_back(&burst);
    printf("%zu blocks kept\n", burst.count);
    printf("figure at-once %.4f\n", (double)resident() / (double)(burst.live + own));
    wait(seconds);
    printf("figure idle %.4f\n", (double)resident() / (double)(burst.live + own));
    printf("figure waited %.4f\n", seconds);
    return 0;
}
