/* The C allocation functions. Where standards leave a choice, glibc's is taken: programs that are
 * preloaded were built and tested against it. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "export.h"
#include "heap.h"
#include "pool.h"

static bool power_of_two(size_t n) {
    return n != 0 && (n & (n - 1)) == 0;
}

static void *fail(int error) {
    errno = error;
    return NULL;
}

/* `align`: a power of two. */
static void *aligned(size_t align, size_t size) {
    void *block = pool_aligned(align, size);
    return block != NULL ? block : fail(ENOMEM);
}

EXPORT void *malloc(size_t size) {
    return heap_alloc(size);
}

EXPORT void free(void *block) {
    heap_free(block);
}

EXPORT void *calloc(size_t count, size_t size) {
    return pool_calloc(count, size);
}

EXPORT void *realloc(void *block, size_t size) {
    if (size == 0 && block != NULL) {
        heap_free(block);
        return NULL;
    }
    return pool_realloc(block, size);
}

EXPORT void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail(ENOMEM);
    return realloc(block, bytes);
}

/* C17 DR 460: the size need not be a multiple of the alignment. */
EXPORT void *aligned_alloc(size_t align, size_t size) {
    return power_of_two(align) ? aligned(align, size) : fail(EINVAL);
}

/* The older function rounds the alignment up. */
EXPORT void *memalign(size_t align, size_t size) {
    if (align > SIZE_MAX / 2 + 1)
        return fail(EINVAL);
    size_t rounded = MIN_ALIGN;
    while (rounded < align)
        rounded <<= 1;
    return aligned(rounded, size);
}

/* Tells by its value and not by errno. */
EXPORT int posix_memalign(void **result, size_t align, size_t size) {
    if (!power_of_two(align) || align % sizeof(void *) != 0)
        return EINVAL;
    int saved = errno;
    void *block = pool_aligned(align, size);
    errno = saved;
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

static size_t system_page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

EXPORT void *valloc(size_t size) {
    return aligned(system_page(), size);
}

EXPORT void *pvalloc(size_t size) {
    size_t page = system_page(), bytes;
    if (__builtin_add_overflow(size, page - 1, &bytes))
        return fail(ENOMEM);
    return aligned(page, bytes & ~(page - 1));
}

EXPORT size_t malloc_usable_size(void *block) {
    return pool_usable(block);
}

/* C23. The sizes are promises of the caller that are not needed. */
EXPORT void free_sized(void *block, size_t size);
EXPORT void free_sized(void *block, size_t size) {
    (void)size;
    heap_free(block);
}

EXPORT void free_aligned_sized(void *block, size_t align, size_t size);
EXPORT void free_aligned_sized(void *block, size_t align, size_t size) {
    (void)align;
    (void)size;
    heap_free(block);
}

EXPORT int malloc_trim(size_t keep) {
    return pool_trim(keep);
}

/* The parameters are those of glibc's allocator: accepted, so that programs go on, and not needed.
 */
EXPORT int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 1;
}

/* Names of the same under which glibc offers them, or once did. */
EXPORT ALIAS_OF(free) void cfree(void *);
EXPORT ALIAS_OF(free) void __libc_free(void *);
EXPORT ALIAS_OF(malloc) void *__libc_malloc(size_t);
EXPORT ALIAS_OF(calloc) void *__libc_calloc(size_t, size_t);
EXPORT ALIAS_OF(realloc) void *__libc_realloc(void *, size_t);
EXPORT ALIAS_OF(reallocarray) void *__libc_reallocarray(void *, size_t, size_t);
EXPORT ALIAS_OF(memalign) void *__libc_memalign(size_t, size_t);
EXPORT ALIAS_OF(valloc) void *__libc_valloc(size_t);
EXPORT ALIAS_OF(pvalloc) void *__libc_pvalloc(size_t);
EXPORT ALIAS_OF(posix_memalign)
int __posix_memalign(void **, size_t, size_t);
EXPORT ALIAS_OF(mallopt)
int __libc_mallopt(int, int);
