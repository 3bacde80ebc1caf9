/* Threads that allocate and free until their very end: in the destructors of keys created before
 * and after libpool's, in all of their rounds, and in those of C++'s thread_local. Their heaps
 * are taken over by later threads: however many come and go, there are no more than at once. */
#define _GNU_SOURCE
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "check.h"

enum { KEYS = 40, THREADS = 2000 };

static pthread_key_t keys[KEYS];
static int destroyed;

/* Frees what it has, allocates anew, and wants to be called again. */
static void destroy(void *value) {
    char **block = value;
    destroyed++;
    free(block[0]);
    block[0] = malloc(3000);
    strcpy(block[0], "again");
    free(malloc(100000));
    for (int i = 0; i < KEYS; i++)
        if (pthread_getspecific(keys[i]) == NULL) {
            pthread_setspecific(keys[i], block);
            return;
        }
}

/* glibc keeps this list too; it runs before all keys' destructors. */
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;

static void *live(void *unused) {
    char **block = malloc(sizeof *block);
    *block = malloc(50);
    for (int i = 0; i < 200; i++)
        free(malloc((size_t)i * 100));
    check(pthread_setspecific(keys[0], block) == 0);
    check(pthread_setspecific(keys[KEYS - 1], block) == 0);
    check(__cxa_thread_atexit_impl(free, strdup("thread_local"), &__dso_handle) == 0);
    return unused;
}

struct heaps {
    int count, live;
};

static struct heaps count_heaps(void) {
    char *text = NULL;
    size_t length = 0;
    struct heaps heaps;
    FILE *stream = open_memstream(&text, &length);
    malloc_info(0, stream);
    fclose(stream);
    check(sscanf(strstr(text, "<heaps"), "<heaps count=\"%d\" live=\"%d\"", &heaps.count,
                 &heaps.live) == 2);
    free(text);
    return heaps;
}

static void *burst(void *unused) {
    void *blocks[100];
    for (int i = 0; i < 100; i++)
        blocks[i] = malloc(500);
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
    return unused;
}

static void run(void *(*body)(void *)) {
    pthread_t thread;
    check(pthread_create(&thread, NULL, body, NULL) == 0);
    check(pthread_join(thread, NULL) == 0);
}

int main(void) {
    for (int i = 0; i < KEYS; i++)
        check(pthread_key_create(&keys[i], destroy) == 0);
    for (int i = 0; i < THREADS; i++)
        run(burst);
    struct heaps heaps = count_heaps();
    dprintf(STDERR_FILENO, "%d threads: %d heaps, %d live\n", THREADS, heaps.count, heaps.live);
    check(heaps.count <= 3 && heaps.live == 1);
    for (int i = 0; i < THREADS; i++)
        run(live);
    heaps = count_heaps();
    dprintf(STDERR_FILENO, "as many that allocate to the end: %d, %d\n", heaps.count, heaps.live);
    check(heaps.count <= 4);
    check(destroyed >= THREADS * PTHREAD_DESTRUCTOR_ITERATIONS);
    return 0;
}
