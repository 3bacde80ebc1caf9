/* Allocation where programs end: in destructors of thread data, in handlers at exit, in threads
 that still run, are cancelled or outlive main.
 *
 *   leaving              each way, in a process of its own
 *   leaving WAY          that way, here
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leaving.h"

#define KEYS        8
#define WAY_SECONDS 20

static pthread_key_t keys[KEYS];
static unsigned destroyed;

static char *new_block(size_t size) {
    char *block = malloc(size);

    if (block == NULL)
        fail("leaving: no memory for %zu bytes", size);
    memset(block, 1, size);
    return block;
}

/* Frees the value, allocates, and sets the key again: the system calls it once more, up to
   PTHREAD_DESTRUCTOR_ITERATIONS times, long after the allocator's own destructor may have run. */
static void destroy_value(void *value) {
    pthread_key_t key = keys[__atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED) % KEYS];

    free(value);
    free(new_block(100));
    free(new_block(100000));
    pthread_setspecific(key, new_block(64));
}

static void *set_values(void *unused) {
    for (unsigned i = 0; i < KEYS; i++)
        pthread_setspecific(keys[i], new_block(32 << i));
    return unused;
}

static void leave_keys(void) {
    pthread_t thread;

    for (unsigned i = 0; i < KEYS; i++)
        pthread_key_create(&keys[i], destroy_value);
    for (unsigned i = 0; i < 200; i++) {
        pthread_create(&thread, NULL, set_values, NULL);
        pthread_join(thread, NULL);
    }
    if (destroyed < 200 * KEYS)
        fail("leaving: only %u destructors ran", destroyed);
    /* The main thread's values are destroyed too when it leaves like this. */
    set_values(NULL);
    pthread_exit(NULL);
}

/* A thread whose very first call of the allocator comes when it ends. */
static void *set_static_value(void *unused) {
    pthread_setspecific(keys[0], unused);
    return NULL;
}

static void allocate_at_last(void *value) {
    (void)value;
    free(new_block(48));
}

static void leave_late_start(void) {
    pthread_t thread;

    pthread_key_create(&keys[0], allocate_at_last);
    for (unsigned i = 0; i < 500; i++) {
        pthread_create(&thread, NULL, set_static_value, &keys);
        pthread_join(thread, NULL);
    }
}

static char *held_at_exit[100];

static void free_held(void) {
    for (unsigned i = 0; i < 100; i++)
        free(held_at_exit[i]);
    free(new_block(1 << 20));
}

static void *fill_held(void *unused) {
    for (unsigned i = 0; i < 100; i++)
        held_at_exit[i] = new_block(16 + i * 300);
    return unused;
}

static void leave_atexit(void) {
    pthread_t thread;

    atexit(free_held);
    pthread_create(&thread, NULL, fill_held, NULL);
    pthread_join(thread, NULL);
    exit(0);
}

static void leave_quick_exit(void) {
    at_quick_exit(free_held);
    fill_held(NULL);
    quick_exit(0);
}

static void *churn_for_ever(void *unused) {
    struct chance chance = {(uint64_t)(uintptr_t)&chance};
    char *held[50] = {0};

    for (;;) {
        char **slot = &held[chance_below(&chance, 50)];
        free(*slot);
        *slot = new_block(chance_log(&chance, 8, 20000));
    }
    return unused;
}

static void start_churning(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, churn_for_ever, NULL);
        pthread_detach(thread);
    }
    sleep_seconds(0.05);
}

static void leave_running(void) {
    start_churning(6);
    atexit(free_held);
    fill_held(NULL);
    exit(0);
}

static void *end_process(void *unused) {
    sleep_seconds(0.1);
    free_held();
    exit(0);
    return unused;
}

/* The main thread leaves first; another one ends the process. */
static void leave_main_first(void) {
    pthread_t thread;

    fill_held(NULL);
    pthread_create(&thread, NULL, end_process, NULL);
    pthread_exit(NULL);
}

static void free_block(void *block) {
    free(block);
}

static void *wait_for_cancel(void *unused) {
    char *block = new_block(5000);

    pthread_cleanup_push(free_block, block);
    for (;;)
        sleep_seconds(1);
    pthread_cleanup_pop(1);
    return unused;
}

static void leave_cancelled(void) {
    pthread_t threads[20];
    void *result;

    for (unsigned i = 0; i < 20; i++)
        pthread_create(&threads[i], NULL, wait_for_cancel, NULL);
    for (unsigned i = 0; i < 20; i++) {
        pthread_cancel(threads[i]);
        pthread_join(threads[i], &result);
        if (result != PTHREAD_CANCELED)
            fail("leaving: thread %u was not cancelled", i);
    }
}

static void leave_tls_objects(void) {
    pthread_t thread;

    for (unsigned i = 0; i < 200; i++) {
        pthread_create(&thread, NULL, make_thread_objects, NULL);
        pthread_join(thread, NULL);
    }
    make_thread_objects(NULL);
    if (thread_objects_destroyed() < 200)
        fail("leaving: only %u threads destroyed their objects", thread_objects_destroyed());
}

static const struct way {
    const char *name;
    void (*leave)(void);
} ways[] = {
    {"keys", leave_keys},           {"late-start", leave_late_start},
    {"atexit", leave_atexit},       {"quick-exit", leave_quick_exit},
    {"running", leave_running},     {"main-first", leave_main_first},
    {"cancelled", leave_cancelled}, {"tls-objects", leave_tls_objects},
};

#define WAYS (sizeof ways / sizeof ways[0])

static int play_apart(const struct way *way, const char *program) {
    pid_t child = fork();
    int status;

    if (child == 0) {
        alarm(WAY_SECONDS);
        execl(program, program, way->name, (char *)NULL);
        fail("leaving: %s: %s", program, strerror(errno));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("leaving: %s", strerror(errno));
    if (WIFSIGNALED(status))
        printf("FAIL %s: signal %d\n", way->name, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        printf("FAIL %s: status %d\n", way->name, WEXITSTATUS(status));
    else
        printf("ok   %s\n", way->name);
    return status == 0;
}

int main(int argc, char **argv) {
    int good = 1;

    if (argc == 1) {
        require_subject();
        for (unsigned i = 0; i < WAYS; i++)
            good &= play_apart(&ways[i], "/proc/self/exe");
        return good ? 0 : 1;
    }
    for (unsigned i = 0; i < WAYS; i++) {
        if (strcmp(argv[1], ways[i].name) == 0) {
            ways[i].leave();
            return 0;
        }
    }
    fprintf(stderr, "leaving: no way '%s'\n", argv[1]);
    return 2;
}
