/* A child of a threaded program starts threads itself: they work in the heaps that the parent's
   threads left wherever the fork caught them. */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 16, TURN = 6000, CHILD_BLOCKS = 40000, CHILD_THREADS = 2, SECONDS = 6 };

/* Empties and fills pools: most of the time some list of free blocks is being changed. */
static void *churn(void *unused) {
    static char *blocks[TURN];
    for (;;) {
        for (int i = 0; i < TURN; i++) {
            blocks[i] = malloc(BLOCK);
            memset(blocks[i], 1, BLOCK);
        }
        for (long i = 0; i < TURN; i++)
            free(blocks[i * 7919 % TURN]);
    }
    return unused;
}

static void *child_work(void *unused) {
    char **blocks = malloc(CHILD_BLOCKS * sizeof *blocks);
    for (int i = 0; i < CHILD_BLOCKS; i++) {
        blocks[i] = malloc(BLOCK);
        memset(blocks[i], i, BLOCK);
    }
    for (int i = 0; i < CHILD_BLOCKS; i++) {
        if (blocks[i][0] != (char)i || blocks[i][BLOCK - 1] != (char)i)
            fail("forkwork: block %d was overwritten in a child", i);
        free(blocks[i]);
    }
    free(blocks);
    return unused;
}

static void run_child(void) {
    pthread_t threads[CHILD_THREADS];
    for (int i = 0; i < CHILD_THREADS; i++)
        if (pthread_create(&threads[i], NULL, child_work, NULL) != 0)
            fail("forkwork: a child cannot start a thread");
    for (int i = 0; i < CHILD_THREADS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

int main(void) {
    require_subject();
    fflush(stdout);
    pthread_t thread;
    if (pthread_create(&thread, NULL, churn, NULL) != 0)
        fail("forkwork: no thread");
    int forks = 0;
    for (double end = seconds_now() + SECONDS; seconds_now() < end; forks++) {
        pid_t child = fork();
        if (child < 0)
            fail("forkwork: cannot fork");
        if (child == 0)
            run_child();
        int status;
        if (waitpid(child, &status, 0) != child || status != 0)
            fail("forkwork: child %d ended with status 0x%x", forks, status);
    }
    printf("%d children, each with %d threads at work\n", forks, CHILD_THREADS);
    fflush(stdout);
    _exit(0);
}
