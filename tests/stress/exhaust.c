/* Runs into a limit of memory: malloc says so, nothing is lost, and once something is freed there
 is memory again.
 *
 *   exhaust as|data MIB    RLIMIT_AS or RLIMIT_DATA, that much above what is in use at the start
 *   exhaust as|data now    the limit that the process was started with
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

#define MAX_BLOCKS 4000000

struct shape {
    const char *name;
    size_t low, high;
};

static const struct shape shapes[] = {
    {"small", 16, 256},           {"medium", 1024, 16384}, {"large", 65536, 262144},
    {"very large", MIB, 4 * MIB}, {"mixed", 16, MIB},
};

static pthread_barrier_t turn;
static char **blocks;
static size_t *sizes;

/* Allocates until there is no more; returns how many blocks from FIRST on. */
static unsigned fill(const struct shape *shape, uint64_t seed, unsigned first) {
    struct chance chance = {seed};

    for (unsigned i = first; i < MAX_BLOCKS; i++) {
        size_t size = chance_log(&chance, shape->low, shape->high);
        errno = 0;
        blocks[i] = malloc(size);
        sizes[i] = size;
        if (blocks[i] == NULL) {
            if (errno != ENOMEM)
                fail("exhaust: errno is %s, not ENOMEM", strerror(errno));
            return i - first;
        }
        blocks[i][0] = blocks[i][size - 1] = (char)i;
    }
    fail("exhaust: the limit was never reached");
}

static void require_intact(unsigned i) {
    if (blocks[i][0] != (char)i || blocks[i][sizes[i] - 1] != (char)i)
        fail("exhaust: block %u was overwritten", i);
}

static size_t free_where(unsigned count, unsigned keep_every) {
    size_t bytes = 0;

    for (unsigned i = 0; i < count; i++) {
        if (blocks[i] == NULL || (keep_every != 0 && i % keep_every == 0))
            continue;
        require_intact(i);
        free(blocks[i]);
        blocks[i] = NULL;
        bytes += sizes[i];
    }
    return bytes;
}

/* With nothing left, every function must say so and leave alone what is there. */
static void require_refusals(unsigned count) {
    void *result = NULL;

    for (size_t size = 64 * MIB; size <= 1024 * MIB; size *= 2) {
        errno = 0;
        if (realloc(blocks[0], size) != NULL || errno != ENOMEM)
            fail("exhaust: realloc to %zu bytes was not refused with ENOMEM", size);
        if (calloc(size, 1) != NULL || posix_memalign(&result, 64, size) != ENOMEM)
            fail("exhaust: %zu bytes were not refused", size);
    }
    for (unsigned i = 0; i < count; i++)
        require_intact(i);
}

static size_t sum_of(unsigned count) {
    size_t bytes = 0;

    for (unsigned i = 0; i < count; i++)
        bytes += blocks[i] != NULL ? sizes[i] : 0;
    return bytes;
}

static void play(const struct shape *shape) {
    unsigned count = fill(shape, 21, 0), again, anew;
    size_t bytes = sum_of(count), freed, anew_bytes;

    if (count == 0)
        fail("exhaust: not one %s block fits", shape->name);
    require_refusals(count);
    freed = free_where(count, 2);
    again = fill(shape, 22, count);
    if (count > 3 && again == 0)
        fail("exhaust: %zu bytes were freed, and still not one %s block fits", freed, shape->name);
    free_where(count + again, 0);
    anew = fill(shape, 23, 0);
    anew_bytes = sum_of(anew);
    printf("%-10s %7u blocks, %5.1f MiB; half freed: %7u more; all freed: %7u, %5.1f MiB\n",
           shape->name, count, (double)bytes / (double)MIB, again, anew,
           (double)anew_bytes / (double)MIB);
    free_where(anew, 0);
    if (anew_bytes < bytes / 10 * 7)
        fail("exhaust: of %zu bytes of %s blocks only %zu can be had again", bytes, shape->name,
             anew_bytes);
}

static size_t used_bytes(int resource) {
    char text[4096];
    const char *field;
    FILE *file = fopen("/proc/self/status", "r");
    size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;

    text[length] = '\0';
    field = strstr(text, resource == RLIMIT_AS ? "VmSize:" : "VmData:");
    if (field == NULL)
        fail("exhaust: /proc/self/status cannot be understood");
    fclose(file);
    return strtoul(field + 7, NULL, 10) * 1024;
}

static void set_limit(int resource, const char *text) {
    struct rlimit limit;
    size_t bytes = strtoul(text, NULL, 10) * MIB;

    if (strcmp(text, "now") == 0)
        return;
    limit.rlim_cur = limit.rlim_max = used_bytes(resource) + bytes;
    if (bytes == 0 || setrlimit(resource, &limit) != 0)
        fail("exhaust: cannot set the limit to %s MiB", text);
}

static void play_all(void) {
    for (unsigned i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        play(&shapes[i]);
}

/* Started before there is a limit: a new thread's stack is not what is tested. */
static void *play_later(void *unused) {
    pthread_barrier_wait(&turn);
    play_all();
    return unused;
}

int main(int argc, char **argv) {
    pthread_attr_t attributes;
    pthread_t thread;
    int resource;

    if (argc != 3 || (strcmp(argv[1], "as") != 0 && strcmp(argv[1], "data") != 0)) {
        fputs("exhaust as|data MIB|now\n", stderr);
        return 2;
    }
    resource = strcmp(argv[1], "as") == 0 ? RLIMIT_AS : RLIMIT_DATA;
    require_subject();
    blocks = mmap(NULL, MAX_BLOCKS * sizeof *blocks, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sizes = mmap(NULL, MAX_BLOCKS * sizeof *sizes, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (blocks == MAP_FAILED || sizes == MAP_FAILED)
        fail("exhaust: no memory for the records");
    pthread_barrier_init(&turn, NULL, 2);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    if (pthread_create(&thread, &attributes, play_later, NULL) != 0)
        fail("exhaust: a thread cannot be started");
    set_limit(resource, argv[2]);
    play_all();
    puts("and the same in a second thread");
    pthread_barrier_wait(&turn);
    pthread_join(thread, NULL);
    return 0;
}
