/* Blocks that are freed twice. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"

#define RUN_BYTES   100000
#define LARGE_BYTES (5 << 20)

static void expect_double(void *block, int bytes) {
    expect("free(%p): double free: the block of %d bytes is already free", block, bytes);
}

/* The memory of a pool, run or large block goes back as a whole: nothing is known of it then. */
static void expect_gone(void *block) {
    expect("free(%p): invalid pointer: no block is there, or not any more", block);
}

/* A block whose pool stays in use, because its neighbours live. */
static void *among_others(size_t size) {
    void *first = malloc(size), *block = malloc(size), *last = malloc(size);
    return first != NULL && last != NULL ? block : NULL;
}

static void at_once(void) {
    void *block = among_others(48);
    free(block);
    expect_double(block, 48);
    free(block);
}

static void after_others(void) {
    void *others[100], *block = among_others(64);
    for (int i = 0; i < 100; i++)
        others[i] = malloc(64);
    free(block);
    for (int i = 0; i < 100; i++)
        free(others[i]);
    expect_double(block, 64);
    free(block);
}

static void after_allocations(void) {
    void *block = among_others(80), *other = among_others(80);
    int bytes = (int)malloc_usable_size(block); /* a rare size may share the next class's pools */
    free(block);
    free(other);
    if (malloc(80) != other) /* the block stays on the list */
        return;
    expect_double(block, bytes);
    free(block);
}

static void only_block(void) {
    void *block = malloc(992);
    int bytes = (int)malloc_usable_size(block);
    free(block);
    expect_double(block, bytes);
    free(block);
}

static void biggest_fine(void) {
    void *block = among_others(1024);
    free(block);
    expect_double(block, 1024);
    free(block);
}

static void coarse(void) {
    void *block = among_others(13104);
    int bytes = (int)malloc_usable_size(block);
    free(block);
    expect_double(block, bytes);
    free(block);
}

/* Zero is no byte of a mark: the program may clear what it has freed, but not here. */
static void cleared_behind_link(void) {
    char *block = among_others(256);
    free(block);
    memset(block + 16, 0, 240);
    expect_double(block, 256);
    free(block);
}

/* The thread keeps the run it freed last. */
static void run(void) {
    void *block = malloc(RUN_BYTES);
    int bytes = (int)malloc_usable_size(block);
    free(block);
    expect_double(block, bytes);
    free(block);
}

static void large(void) {
    void *block = malloc(LARGE_BYTES);
    free(block);
    expect_gone(block);
    free(block);
}

static void moved_by_realloc(void) {
    void *block = malloc(48), *kept = malloc(48), *moved = realloc(block, 4000);
    if (kept == NULL || moved == NULL || moved == block)
        return;
    expect_double(block, 48);
    free(block);
}

static void freed_by_realloc_0(void) {
    void *block = among_others(48);
    if (realloc(block, 0) != NULL)
        return;
    expect_double(block, 48);
    free(block);
}

static void *free_in_thread(void *block) {
    free(block);
    return NULL;
}

static void *free_twice_in_thread(void *block) {
    free(block);
    expect_double(block, 48);
    free(block);
    return NULL;
}

static void in_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) == 0)
        pthread_join(thread, NULL);
}

static void by_other_thread_twice(void) {
    in_thread(free_twice_in_thread, among_others(48));
}

static void by_two_threads(void) {
    void *block = among_others(48);
    in_thread(free_in_thread, block);
    expect_double(block, 48);
    in_thread(free_in_thread, block);
}

static void by_owner_then_other(void) {
    void *block = among_others(48);
    free(block);
    expect_double(block, 48);
    in_thread(free_in_thread, block);
}

static void by_other_then_owner(void) {
    void *block = among_others(48);
    in_thread(free_in_thread, block);
    expect_double(block, 48);
    free(block);
}

static void *allocate_in_thread(void *size) {
    return among_others((uintptr_t)size);
}

static void of_ended_thread(void) {
    pthread_t thread;
    void *block = NULL;
    if (pthread_create(&thread, NULL, allocate_in_thread, (void *)96) == 0)
        pthread_join(thread, &block);
    free(block);
    expect_double(block, 96);
    free(block);
}

/* The child's misuse ends the child; its parent passes that on. */
static void in_forked_child(void) {
    void *block = among_others(48);
    pid_t child = fork();
    if (child == 0) {
        free(block);
        expect_double(block, 48);
        free(block);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
        abort();
}

static void *twice;
static void free_it(void) {
    free(twice);
}

static void at_exit(void) {
    twice = among_others(48);
    atexit(free_it);
    free(twice);
    expect_double(twice, 48);
    exit(0);
}

/* Data that equals a mark proves nothing: live blocks full of it are freed without a complaint. */
static void marks_as_data(void) {
    static const uint32_t marks[] = {0xf7a5c31dU, 0xf75ac3e2U, 0xf7f7f7f7U, 0xf7000000U};
    for (int i = 0; i < 4; i++)
        for (int size = 16; size < 2000; size += 16) {
            uint32_t *first = malloc(size), *block = malloc(size);
            for (int word = 0; word < size / 4; word++)
                block[word] = first[word] = marks[i];
            free(first);
            in_thread(free_in_thread, block);
        }
    expect_nothing();
}

static const struct misuse_case cases[] = {
    {"double-free-at-once", at_once},
    {"double-free-after-others", after_others},
    {"double-free-after-allocations", after_allocations},
    {"double-free-only-block", only_block},
    {"double-free-biggest-fine", biggest_fine},
    {"double-free-coarse", coarse},
    {"double-free-cleared-behind-link", cleared_behind_link},
    {"double-free-run", run},
    {"double-free-large", large},
    {"double-free-moved-by-realloc", moved_by_realloc},
    {"double-free-by-realloc-0", freed_by_realloc_0},
    {"double-free-by-other-thread-twice", by_other_thread_twice},
    {"double-free-by-two-threads", by_two_threads},
    {"double-free-by-owner-then-other", by_owner_then_other},
    {"double-free-by-other-then-owner", by_other_then_owner},
    {"double-free-of-ended-thread", of_ended_thread},
    {"double-free-in-forked-child", in_forked_child},
    {"double-free-at-exit", at_exit},
    {"marks-as-data", marks_as_data},
    {NULL, NULL},
};

int main(int argc, char **argv) {
    return run_case(cases, argc, argv);
}
