/* Children of every kind from a program whose threads allocate all the time: none hangs, and each
 * can use the allocator as far as POSIX lets it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check.h"

enum { THREADS = 3, FORKS = 60, BLOCKS = 64 };

int fork_library_blocks(void);
static atomic_bool stop;

static size_t next_size(unsigned *seed) {
    *seed = *seed * 1103515245 + 12345;
    unsigned kind = *seed >> 28, size = *seed >> 8 & 0xffff;
    return kind == 0 ? size * 32 : kind < 4 ? size / 4 + 1 : size / 128 + 1;
}

static void churn(unsigned seed, int rounds) {
    char *blocks[BLOCKS] = {NULL};
    for (int i = 0; i < rounds; i++) {
        unsigned at = (unsigned)i % BLOCKS;
        free(blocks[at]);
        size_t size = next_size(&seed);
        blocks[at] = malloc(size);
        check(blocks[at] != NULL);
        blocks[at][0] = blocks[at][size - 1] = 1;
    }
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void *busy(void *seed) {
    while (!atomic_load(&stop))
        churn((unsigned)(size_t)seed, 1000);
    return NULL;
}

static ssize_t write_with_memory(void *cookie, const char *text, size_t length) {
    (void)cookie, (void)text;
    for (int i = 0; i < 20; i++)
        free(malloc(200000));
    return (ssize_t)length;
}

/* fflush(NULL) calls the writer with libc's lock on all streams taken. */
static void *flush_all(void *unused) {
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_with_memory});
    check(stream != NULL);
    while (!atomic_load(&stop)) {
        fputc('x', stream);
        fflush(NULL);
    }
    fclose(stream);
    return unused;
}

static void *churn_once(void *seed) {
    churn((unsigned)(size_t)seed, 2000);
    return NULL;
}

static void expect_success(pid_t child) {
    int status = 0;
    check(child > 0);
    check(waitpid(child, &status, 0) == child);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A child may start threads, and children of its own. */
static void child_of_fork(int number) {
    alarm(20);
    churn((unsigned)number, 3000);
    pthread_t thread;
    check(pthread_create(&thread, NULL, churn_once, NULL) == 0);
    check(pthread_join(thread, NULL) == 0);
    if (number % 10 == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            churn((unsigned)number, 1000);
            exit(0);
        }
        expect_success(grandchild);
    }
    exit(0);
}

static void test_fork(void) {
    for (int i = 0; i < FORKS; i++) {
        char *block = strcpy(malloc(1000), "of the parent");
        pid_t child = fork();
        if (child == 0) {
            check(strcmp(block, "of the parent") == 0);
            free(block);
            child_of_fork(i);
        }
        free(block);
        churn((unsigned)i, 100);
        expect_success(child);
    }
}

static char *const true_arguments[] = {"/bin/true", NULL};

static void spawn_true(void) {
    extern char **environ;
    pid_t child;
    check(posix_spawn(&child, "/bin/true", NULL, NULL, true_arguments, environ) == 0);
    expect_success(child);
}

static void vfork_true(void) {
    pid_t child = vfork();
    if (child == 0) {
        execv("/bin/true", true_arguments);
        _exit(1);
    }
    expect_success(child);
}

static void test_spawn(void) {
    for (int i = 0; i < 50; i++) {
        spawn_true();
        vfork_true();
    }
    check(system("exit 3") == 3 << 8);
    FILE *pipe = popen("echo $((6 * 7))", "r");
    int answer = 0;
    check(pipe != NULL && fscanf(pipe, "%d", &answer) == 1 && answer == 42);
    check(pclose(pipe) == 0);
}

/* Without handlers, from one thread: nobody is in the middle of anything. */
static void test_children_without_handlers(void) {
    for (int i = 0; i < 20; i++) {
        pid_t child = i % 2 ? _Fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        if (child == 0) {
            alarm(20);
            pthread_t thread;
            check(pthread_create(&thread, NULL, churn_once, (void *)(size_t)i) == 0);
            churn((unsigned)i, 3000);
            check(pthread_join(thread, NULL) == 0);
            _exit(0);
        }
        expect_success(child);
    }
}

/* vfork's child runs in its parent's memory and is not meant to allocate; many do. */
static void test_vfork_allocates(void) {
    char *volatile block = NULL;
    pid_t child = vfork();
    if (child == 0) {
        block = malloc(1000);
        free(malloc(100000));
        _exit(block == NULL);
    }
    expect_success(child);
    block[999] = 1;
    free(block);
}

int main(void) {
    alarm(100);
    test_children_without_handlers();
    test_vfork_allocates();
    pthread_t threads[THREADS], flusher;
    check(pthread_create(&flusher, NULL, flush_all, NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        check(pthread_create(&threads[i], NULL, busy, (void *)(i + 1)) == 0);
    test_fork();
    test_spawn();
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        check(pthread_join(threads[i], NULL) == 0);
    check(pthread_join(flusher, NULL) == 0);
    check(fork_library_blocks() >= FORKS * 10);
    return 0;
}
