/* What the suites of tests/pool/ share. Each suite runs in a process of its own. */
#ifndef TESTS_POOL_SUPPORT_H
#define TESTS_POOL_SUPPORT_H

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"
#include "root.h"
#include "types.h"

/* The misuse that `act(p)`, in a child process, was stopped for; RETURNED or CRASHED otherwise. */
enum { RETURNED = -1, CRASHED = -2 };
int stopped_for(void (*act)(void *p), void *p);
/* The hook by which stopped_for() learns; main() has set it. */
extern const struct pool_hooks test_hooks;

/* Runs `work(p)` in a thread, to its end, heap handed over. */
void in_thread(void (*work)(void *p), void *p);
/* pool_free(p), also in another thread: for stopped_for(). */
void free_it(void *p);
void free_elsewhere(void *p);

/* Pools side by side from an arena, taken as a heap takes a run: the state says that they are
 * somebody's. To be returned by arena_return. */
struct pool *take_run(uint32_t count);

/* Gives back all that is free, which is all there was: no arena is left. */
void empty_arenas(void);

/* Gives back what this thread's heap keeps. */
void give_back_kept(void);

/* The same numbers in each run. `*state` may start as anything. */
uint64_t random_next(uint64_t *state);
/* From `low` to `high`, small ones more often. */
size_t random_size(uint64_t *state, size_t low, size_t high);

/* Bytes that only (`tag`, place in the block) determine. */
void fill(void *block, size_t bytes, uint64_t tag);
bool filled(const void *block, size_t bytes, uint64_t tag);
bool zero(const void *block, size_t bytes);
/* Bytes of the range that are resident. */
size_t resident(const void *at, size_t bytes);
bool mapped(const void *at);
/* Has the mapping at `at` the flag, as smaps names them? */
bool has_flag(const void *at, const char *flag);

static inline uint64_t event(enum rows_event event) {
    return atomic_load_explicit(&libpool_root.event[event], memory_order_relaxed);
}

#endif
