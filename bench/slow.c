/*
 * Makes the allocator behind it slow on purpose: preloaded in front of one, it spins before every
 * malloc and free and passes the call on. The tests use it to show that `bench run --gate` and
 * `bench compare` notice a slower allocator. BENCH_SLOW is the number of spins per call.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

typedef void *malloc_function(size_t size);
typedef void free_function(void *block);

static long spins = -1;

static void spin(void) {
    if (spins < 0) {
        const char *text = getenv("BENCH_SLOW");
        spins = text ? strtol(text, NULL, 10) : 0;
    }
    for (long i = 0; i < spins; i++)
        __asm__ volatile("" ::: "memory");
}

__attribute__((visibility("default"))) void *malloc(size_t size) {
    static malloc_function *next;
    if (!next)
        next = (malloc_function *)dlsym(RTLD_NEXT, "malloc");
    spin();
    return next(size);
}

__attribute__((visibility("default"))) void free(void *block) {
    static free_function *next;
    if (!next)
        next = (free_function *)dlsym(RTLD_NEXT, "free");
    spin();
    next(block);
}
