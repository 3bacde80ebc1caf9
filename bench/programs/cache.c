/*
 * Long-running fragmentation: a cache of fixed capacity in bytes whose entries' sizes shift from
 * hour to hour, with a day's rhythm of small and large values, under simulated traffic. Entries
 * leave at random, as they expire. Each simulated quarter of an hour it notes resident memory over
 * live bytes. Says at the end, for the runner:
 *   figure over       RSS over live at the end
 *   figure over-peak  the most it was
 *   figure growth     mean of the last quarter over the mean of the third: 1 is flat
 *   series over       all of them
 *
 *   cache [HOURS [REQUESTS PER HOUR [CAPACITY IN MiB]]]
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_MIB = 64, LEAST = 24, NOTES_PER_HOUR = 4, MOST_NOTES = 4096 };

struct entry {
    uint64_t size;
    uint64_t check; /* size again, in other bits: tells a changed entry */
};

struct cache {
    struct entry *entries[(MOST_MIB << 20) / LEAST];
    size_t capacity;
    size_t count;
    size_t live; /* bytes asked for, and the table's part in use */
    uint64_t state;
    uint64_t served;
};

static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The favourite size of each hour differs; a value is around it, and one in sixteen is anything. */
static size_t value_size(unsigned hour, uint64_t number) {
    static const uint16_t favourite[] = {96, 200, 480, 1200, 3000, 700, 330, 150, 2000, 64};
    const size_t middle = favourite[hour % (sizeof favourite / sizeof *favourite)];
    if (number % 16 == 0)
        return LEAST + (number >> 32) % 8192;
    return middle / 2 + (number >> 32) % middle;
}

static void evict(struct cache *cache, size_t at) {
    struct entry *entry = cache->entries[at];
    if (entry->check != ~entry->size) {
        fprintf(stderr, "cache: the entry at %p was changed while it was live\n", (void *)entry);
        abort();
    }
    cache->live -= entry->size + sizeof entry;
    cache->entries[at] = cache->entries[--cache->count];
    free(entry);
}

static void put(struct cache *cache, size_t size) {
    while (cache->live + size + sizeof(struct entry *) > cache->capacity)
        evict(cache, next_random(&cache->state) % cache->count);
    struct entry *entry = malloc(size);
    memset(entry, 1, size);
    entry->size = size;
    entry->check = ~entry->size;
    cache->entries[cache->count++] = entry;
    cache->live += size + sizeof entry;
}

/* A request builds and drops a few short-lived blocks, and one in two stores a value. */
static void serve(struct cache *cache, unsigned hour) {
    const uint64_t number = next_random(&cache->state);
    char *head = malloc(64 + (number >> 8) % 192);
    char *body = malloc(256 + (number >> 16) % 4096);
    *head = *body = 1;
    if (number % 2 == 0)
        put(cache, value_size(hour, next_random(&cache->state)));
    free(head);
    free(body);
    cache->served++;
}

static size_t resident(void) {
    unsigned long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &size, &pages) != 2) {
        perror("cache: /proc/self/statm");
        exit(1);
    }
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static double mean(const double *notes, unsigned from, unsigned to) {
    double sum = 0;
    for (unsigned i = from; i < to; i++)
        sum += notes[i];
    return sum / (to > from ? to - from : 1);
}

static void report(const struct cache *cache, const double *notes, unsigned count) {
    double most = 0;
    for (unsigned i = NOTES_PER_HOUR; i < count; i++)
        most = notes[i] > most ? notes[i] : most;
    printf("%" PRIu64 " requests\n", cache->served);
    printf("figure over %.4f\n", notes[count - 1]);
    printf("figure over-peak %.4f\n", most);
    printf("figure growth %.4f\n",
           mean(notes, count * 3 / 4, count) / mean(notes, count / 2, count * 3 / 4));
    printf("series over");
    for (unsigned i = 0; i < count; i++)
        printf(" %.4f", notes[i]);
    printf("\n");
}

static void run(struct cache *cache, unsigned long hours, unsigned long requests) {
    static double notes[MOST_NOTES];
    unsigned count = 0;

    for (unsigned hour = 0; hour < hours; hour++) {
        for (unsigned note = 0; note < NOTES_PER_HOUR; note++) {
            for (unsigned long i = 0; i < requests / NOTES_PER_HOUR; i++)
                serve(cache, hour);
            notes[count++] = (double)resident() / (double)cache->live;
        }
    }
    report(cache, notes, count);
    while (cache->count)
        evict(cache, cache->count - 1);
}

int main(int argc, char **argv) {
    static struct cache cache;
    const unsigned long hours = argc > 1 ? strtoul(argv[1], NULL, 10) : 40;
    const unsigned long requests = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
    const unsigned long capacity = argc > 3 ? strtoul(argv[3], NULL, 10) : 40;

    if (hours < 1 || hours > MOST_NOTES / NOTES_PER_HOUR || requests < 100 || capacity < 1 ||
        capacity > MOST_MIB) {
        fprintf(stderr, "cache: [HOURS (1 to %d) [REQUESTS PER HOUR [MiB (1 to %d)]]]\n",
                MOST_NOTES / NOTES_PER_HOUR, MOST_MIB);
        return 2;
    }
    cache.capacity = capacity << 20;
    run(&cache, hours, requests);
    return 0;
}
