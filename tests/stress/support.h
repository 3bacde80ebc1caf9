/* What every stress program needs: who serves malloc, random numbers, memory and time, failure.
   Nothing here allocates. All functions may be called by any thread. */
#ifndef STRESS_SUPPORT_H
#define STRESS_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIB ((size_t)1 << 20)

/* Prints whose malloc this program calls. If STRESS_SUBJECT names a shared object, ends the program
   unless that object serves it: a library that failed to load must not pass its tests. */
void require_subject(void);

/* Prints the message with a newline to stderr and ends the process with status 1, at once. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

/* Resident memory of this process in bytes, from /proc/self/statm. */
size_t resident_bytes(void);

/* Seconds on a clock that only goes forward. */
double seconds_now(void);

/* Sleeps so many seconds, through signals. */
void sleep_seconds(double seconds);

/* Is somebody looking at stderr, so that long work should show how far it is? */
int shows_progress(void);

/* A repeatable stream of random numbers; the state is the caller's. */
struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance) {
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number in 0 .. limit - 1. */
static inline uint64_t chance_below(struct chance *chance, uint64_t limit) {
    return chance_next(chance) % limit;
}

/* A number in low .. high, each power of two between them as likely as the next. */
static inline size_t chance_log(struct chance *chance, size_t low, size_t high) {
    unsigned first = 63 - (unsigned)__builtin_clzl(low);
    unsigned last = 63 - (unsigned)__builtin_clzl(high);
    size_t base = (size_t)1 << (first + chance_below(chance, last - first + 1));
    size_t value = base + chance_below(chance, base);

    if (value < low)
        return low;
    return value > high ? high : value;
}

#ifdef __cplusplus
}
#endif
#endif
