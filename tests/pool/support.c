#define _GNU_SOURCE
#include "support.h"

#include "arena.h"
#include "heap_slow.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_RETURNED 40
#define STATUS_MISUSE   50

static void report(enum pool_misuse what, const void *p, const char *function) {
    (void)p, (void)function;
    _exit(STATUS_MISUSE + (int)what);
}

const struct pool_hooks test_hooks = {.misuse = report};

int stopped_for(void (*act)(void *p), void *p) {
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        act(p);
        _exit(STATUS_RETURNED);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return CRASHED;
    status = WEXITSTATUS(status);
    if (status == STATUS_RETURNED)
        return RETURNED;
    return status >= STATUS_MISUSE ? status - STATUS_MISUSE : CRASHED;
}

struct call {
    void (*work)(void *p);
    void *p;
};

static void *run(void *context) {
    const struct call *call = context;
    call->work(call->p);
    pool_thread_exit();
    return NULL;
}

void in_thread(void (*work)(void *p), void *p) {
    struct call call = {work, p};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &call) != 0 || pthread_join(thread, NULL) != 0)
        CU_FAIL_FATAL("no thread");
}

void free_it(void *p) {
    pool_free(p);
}

void free_elsewhere(void *p) {
    in_thread(free_it, p);
}

uint64_t random_next(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

size_t random_size(uint64_t *state, size_t low, size_t high) {
    size_t range = high - low + 1;
    unsigned bits = 64 - (unsigned)__builtin_clzll(range);
    size_t below = (size_t)1 << random_next(state) % (bits + 1);
    return low + random_next(state) % (below < range ? below : range);
}

static unsigned char byte_at(uint64_t tag, size_t i) {
    return (unsigned char)((tag + i) * 0x9e3779b97f4a7c15u >> 56);
}

/* Large blocks: their ends and one byte in each memory page. */
static size_t stride(size_t i, size_t bytes) {
    return i >= 256 && i + 4352 < bytes ? 4096 : 1;
}

void fill(void *block, size_t bytes, uint64_t tag) {
    for (size_t i = 0; i < bytes; i += stride(i, bytes))
        ((unsigned char *)block)[i] = byte_at(tag, i);
}

bool filled(const void *block, size_t bytes, uint64_t tag) {
    for (size_t i = 0; i < bytes; i += stride(i, bytes))
        if (((const unsigned char *)block)[i] != byte_at(tag, i))
            return false;
    return true;
}

bool zero(const void *block, size_t bytes) {
    const char *byte = block;
    return bytes == 0 || (*byte == 0 && memcmp(byte, byte + 1, bytes - 1) == 0);
}

size_t resident(const void *at, size_t bytes) {
    size_t found = 0;
    for (size_t i = 0; i < bytes; i += 4096) {
        unsigned char in;
        if (mincore((char *)(uintptr_t)at + i, 4096, &in) == 0)
            found += (size_t)(in & 1) * 4096;
    }
    return found;
}

bool mapped(const void *at) {
    unsigned char in;
    return mincore((void *)((uintptr_t)at & ~(uintptr_t)4095), 4096, &in) == 0 || errno != ENOMEM;
}

bool has_flag(const void *at, const char *flag) {
    char line[512];
    bool inside = false, found = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    fclose(file);
    return found;
}

struct pool *take_run(uint32_t count) {
    struct pool *pool = arena_take(count, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    for (uint32_t i = 0; i < count; i++)
        pool[i].state = i == 0 ? POOL_RUN : POOL_BODY;
    return pool;
}

void empty_arenas(void) {
    arena_check();
    arena_purge(0);
    CU_ASSERT_EQUAL(libpool_root.arena_count, 0);
    CU_ASSERT_EQUAL(libpool_root.cached_pools_bytes, 0);
    arena_check();
}

void give_back_kept(void) {
    heap_give_back(self.heap, 0);
}
