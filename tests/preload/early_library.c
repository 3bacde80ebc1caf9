/* A library that allocates and starts a thread in its constructor, before the program runs. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern char *early_block, *early_thread_block;
char *early_block, *early_thread_block;

static void *allocate(void *unused) {
    free(malloc(200));
    early_thread_block = strdup("a thread before main");
    return unused;
}

__attribute__((constructor(101))) static void start(void) {
    pthread_t thread;
    early_block = strdup("a constructor");
    if (pthread_create(&thread, NULL, allocate, NULL) == 0)
        pthread_join(thread, NULL);
}

__attribute__((destructor(101))) static void end(void) {
    free(early_thread_block);
    free(malloc(100));
}
