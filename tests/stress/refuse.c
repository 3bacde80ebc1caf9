/* Requests that nobody can serve: NULL with ENOMEM (or the error that the function returns), and
   what was there before stays. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void require_refused(void *start, const char *call) {
    if (start != NULL)
        fail("refuse: %s gave a block", call);
    if (errno != ENOMEM)
        fail("refuse: %s set errno to %s, not ENOMEM", call, strerror(errno));
    errno = 0;
}

#define REQUIRE_REFUSED(call) require_refused((errno = 0, call), #call)

/* Volatile, so that the compiler can neither see nor warn what is asked for. */
static volatile size_t just_above = (size_t)PTRDIFF_MAX + 1, all = SIZE_MAX,
                       half = SIZE_MAX / 2 + 1, root = (size_t)1 << 32, page = 4096;

static void refuse_sizes(void) {
    const size_t sizes[] = {just_above, just_above + 4096, all,         all - 8,
                            all - 16,   all - 4096,        all - 65536, (size_t)PTRDIFF_MAX - 4096};

    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i];
        REQUIRE_REFUSED(malloc(size));
        REQUIRE_REFUSED(calloc(1, size));
        REQUIRE_REFUSED(calloc(size, 1));
        REQUIRE_REFUSED(realloc(NULL, size));
        REQUIRE_REFUSED(memalign(64, size));
        REQUIRE_REFUSED(memalign(MIB, size));
        REQUIRE_REFUSED(aligned_alloc(page, size));
        REQUIRE_REFUSED(valloc(size));
        REQUIRE_REFUSED(pvalloc(size));
    }
}

static void refuse_products(void) {
    const size_t pairs[][2] = {{root, root}, {root + 1, root}, {half, 2}, {2, half},
                               {all, all},   {all / 3 + 2, 3}, {all, 2},  {half + 1, 2}};

    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        REQUIRE_REFUSED(calloc(pairs[i][0], pairs[i][1]));
        REQUIRE_REFUSED(reallocarray(NULL, pairs[i][0], pairs[i][1]));
    }
}

/* A refused realloc leaves the block as it was. */
static void refuse_resizing(size_t size) {
    unsigned char *volatile block = malloc(size);

    if (block == NULL)
        fail("refuse: no memory for %zu bytes", size);
    memset(block, 7, size);
    REQUIRE_REFUSED(realloc(block, just_above));
    REQUIRE_REFUSED(realloc(block, all));
    REQUIRE_REFUSED(reallocarray(block, root, root));
    REQUIRE_REFUSED(reallocarray(block, half, 2));
    for (size_t i = 0; i < size; i++) {
        if (block[i] != 7)
            fail("refuse: byte %zu of %zu changed by a refused realloc", i, size);
    }
    free(block);
}

/* posix_memalign returns its error and leaves the result alone. */
static void refuse_alignment(size_t alignment, size_t size, int expected) {
    char mark;
    void *result = &mark;
    int error;

    error = posix_memalign(&result, alignment, size);
    if (error != expected)
        fail("refuse: posix_memalign(%zu, %zu) returned %d, not %d", alignment, size, error,
             expected);
    if (result != &mark)
        fail("refuse: posix_memalign(%zu, %zu) failed and set its result", alignment, size);
}

/* After all that was refused, ordinary requests are served. */
static void require_service(void) {
    for (size_t size = 1; size <= 4 * MIB; size *= 2) {
        char *block = malloc(size);
        if (block == NULL)
            fail("refuse: malloc(%zu) failed after the refused ones", size);
        block[0] = block[size - 1] = 1;
        free(block);
    }
}

int main(void) {
    require_subject();
    refuse_sizes();
    refuse_products();
    for (size_t size = 1; size <= MIB; size *= 8)
        refuse_resizing(size);
    refuse_alignment(0, 16, EINVAL);
    refuse_alignment(4, 16, EINVAL);
    refuse_alignment(24, 16, EINVAL);
    refuse_alignment(48, 16, EINVAL);
    refuse_alignment(page + 8, 16, EINVAL);
    refuse_alignment(16, just_above, ENOMEM);
    refuse_alignment(page, all, ENOMEM);
    refuse_alignment(MIB, all - MIB, ENOMEM);
    refuse_alignment(half, 16, ENOMEM);
    require_service();
    puts("all refused as they must be");
    return 0;
}
