/*
 * Google Benchmark for C. A workload is a body that runs one round of operations each time
 * gbench_next() says so; a round is long enough (microseconds) that the call does not count.
 * Rounds are fixed in number, not in time, so that every allocator does the same work and its
 * peak RSS and page faults compare. Not thread-safe.
 */
#ifndef BENCH_MICRO_GBENCH_H
#define BENCH_MICRO_GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gbench;

typedef void gbench_body(struct gbench *bench, size_t argument);

/* Adds a workload: `rounds` at --scale=1, at least one at any scale. `name` must outlive main. */
void gbench_register(const char *name, gbench_body *body, size_t argument, long rounds);

/* True when another round is to be run. Call it until it says no, unless gbench_fail was called. */
bool gbench_next(struct gbench *bench);

/* How many allocator operations one round makes (a malloc and its free are one operation). */
void gbench_operations(struct gbench *bench, size_t per_round);

/* Ends the workload as failed; the body must return. */
void gbench_fail(struct gbench *bench, const char *why);

/* Takes Google Benchmark's options, --scale=FACTOR of all rounds, and --rounds=N in their place.
 * Returns an exit status. */
int gbench_main(int argc, char **argv);

/* Keeps the compiler from removing an allocation that nothing reads. */
static inline void gbench_keep(void *block) {
    __asm__ volatile("" : : "r"(block) : "memory");
}

/* A fixed sequence of numbers (splitmix64): the same for each allocator. */
static inline uint64_t gbench_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#ifdef __cplusplus
}
#endif

#endif
