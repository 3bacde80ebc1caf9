/* Forks out of a program whose threads are allocating all the while: every child must find a heap
   that works, with the parent's blocks in it, and the parent must go on. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define THREADS       8
#define FORKERS       2
#define FORKS         1000
#define IN_FLIGHT     4
#define INHERITED     200
#define CHILD_SECONDS 20
#define STORM_SECONDS 100

static atomic_int stop;
static atomic_ulong rounds[THREADS];
static atomic_int forks_done;

/* Allocated by every thread before the storm, freed by children (and last by the parent). */
static char *inherited[THREADS][INHERITED];
static pthread_barrier_t ready;

static size_t any_size(struct chance *chance) {
    uint64_t kind = chance_below(chance, 100);

    return kind < 98 ? chance_log(chance, 8, 8192) : chance_log(chance, 8192, MIB);
}

static char *new_block(struct chance *chance) {
    size_t size = any_size(chance);
    char *block = malloc(size);

    if (block == NULL)
        fail("forkstorm: no memory for %zu bytes", size);
    block[0] = block[size - 1] = 42;
    return block;
}

static void churn(struct chance *chance, unsigned count) {
    char *held[64] = {0};

    for (unsigned i = 0; i < count; i++) {
        char **slot = &held[chance_below(chance, 64)];
        if (*slot != NULL && **slot != 42)
            fail("forkstorm: a block was overwritten");
        free(*slot);
        *slot = new_block(chance);
    }
    for (unsigned i = 0; i < 64; i++)
        free(held[i]);
}

static void *allocate_on(void *argument) {
    unsigned number = (unsigned)(uintptr_t)argument;
    struct chance chance = {number};

    for (unsigned i = 0; i < INHERITED; i++)
        inherited[number][i] = new_block(&chance);
    pthread_barrier_wait(&ready);
    while (!atomic_load(&stop)) {
        churn(&chance, 100);
        atomic_fetch_add(&rounds[number], 1);
        /* Leaves the children a share of the processor. */
        sleep_seconds(0.0005);
    }
    return NULL;
}

static void *churn_in_child(void *argument) {
    churn(argument, 300);
    return NULL;
}

static void free_inherited(void) {
    for (unsigned thread = 0; thread < THREADS; thread++) {
        for (unsigned i = 0; i < INHERITED; i++) {
            if (*inherited[thread][i] != 42)
                fail("forkstorm: an inherited block was overwritten");
            free(inherited[thread][i]);
        }
    }
}

static void wait_for(pid_t child, const char *whose) {
    int status;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            fail("forkstorm: waitpid: %s", strerror(errno));
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fail("forkstorm: %s hung for %d s", whose, CHILD_SECONDS);
    if (WIFSIGNALED(status))
        fail("forkstorm: %s was ended by signal %d", whose, WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        fail("forkstorm: %s ended with status %d", whose, WEXITSTATUS(status));
}

/* What a child does, by its number: all allocate; some free what the parent's threads left, start a
   thread, fork again, or become another program; they leave through exit or _exit. */
__attribute__((noreturn)) static void live_as_child(unsigned number) {
    struct chance chance = {1000 + number};

    alarm(CHILD_SECONDS);
    churn(&chance, 200);
    if (number % 3 == 0)
        free_inherited();
    if (number % 7 == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, churn_in_child, &chance) != 0)
            fail("forkstorm: a child cannot start a thread");
        pthread_join(thread, NULL);
    }
    if (number % 10 == 0 && number < FORKS) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            live_as_child(number + FORKS + 1);
        wait_for(grandchild, "a grandchild");
    }
    if (number % 25 == 1) {
        execl("/bin/true", "true", (char *)NULL);
        fail("forkstorm: /bin/true: %s", strerror(errno));
    }
    churn(&chance, 100);
    if (number % 2 == 0)
        exit(0);
    _exit(0);
}

static void *fork_on(void *argument) {
    struct chance chance = {(uint64_t)(uintptr_t)argument + 77};
    pid_t children[IN_FLIGHT] = {0};

    for (unsigned i = 0;; i++) {
        pid_t *child = &children[i % IN_FLIGHT];
        int number = atomic_fetch_add(&forks_done, 1);
        if (*child != 0)
            wait_for(*child, "a child");
        *child = 0;
        if (number >= FORKS)
            break;
        *child = fork();
        if (*child < 0)
            fail("forkstorm: fork: %s", strerror(errno));
        if (*child == 0)
            live_as_child((unsigned)number);
        churn(&chance, 20);
    }
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        if (children[i] != 0)
            wait_for(children[i], "a child");
    }
    return NULL;
}

/* After the storm every thread must still get on. */
static void require_progress(void) {
    double limit = seconds_now() + 10;

    for (unsigned i = 0; i < THREADS; i++) {
        unsigned long before = atomic_load(&rounds[i]);
        while (atomic_load(&rounds[i]) == before) {
            if (seconds_now() > limit)
                fail("forkstorm: thread %u of the parent is stuck", i);
            sleep_seconds(0.001);
        }
    }
}

static void start(pthread_t *threads, unsigned count, void *(*work)(void *)) {
    for (unsigned i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) != 0)
            fail("forkstorm: a thread cannot be started");
    }
}

int main(void) {
    pthread_t threads[THREADS], forkers[FORKERS];
    double begun = seconds_now();

    require_subject();
    /* A parent that hangs is ended by this signal, and that is a failure. */
    alarm(STORM_SECONDS);
    pthread_barrier_init(&ready, NULL, THREADS + 1);
    start(threads, THREADS, allocate_on);
    pthread_barrier_wait(&ready);
    start(forkers, FORKERS, fork_on);
    for (unsigned i = 0; i < FORKERS; i++)
        pthread_join(forkers[i], NULL);
    require_progress();
    atomic_store(&stop, 1);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    free_inherited();
    printf("%d forks beside %d allocating threads, %.1f s\n", FORKS, THREADS,
           seconds_now() - begun);
    return 0;
}
