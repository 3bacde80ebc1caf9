/* A library whose constructor and fork handlers allocate: it is loaded before the program runs and
 * starts before libpool would, were they started in the usual order. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int fork_library_blocks(void);
static void *early, *prepared;
static int blocks;

/* Of all kinds: from pools, a run, and with a mapping of its own. */
static void allocate_and_free(void) {
    static const size_t sizes[] = {24, 3000, 20000, 100000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = malloc(sizes[i]);
        if (block != NULL)
            blocks++;
        free(memset(block, 1, sizes[i]));
    }
}

static void prepare(void) {
    allocate_and_free();
    prepared = malloc(5000);
}

static void resume(void) {
    allocate_and_free();
    free(prepared);
}

__attribute__((constructor)) static void start(void) {
    early = malloc(100);
    pthread_atfork(prepare, resume, resume);
}

__attribute__((destructor)) static void end(void) {
    free(early);
}

int fork_library_blocks(void) {
    return blocks;
}
