/* Buffers that grow: by half each time, as vectors do, and by small steps, as string builders do;
 * several at once, so that none can always grow in place. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>

enum { BUFFERS = 8 };

/* Grows a buffer and marks its new end; false when its old end was lost. */
static bool grow(unsigned char **buffer, size_t old_size, size_t new_size, unsigned char mark) {
    *buffer = realloc(*buffer, new_size);
    if (old_size && (*buffer)[old_size - 1] != mark)
        return false;
    (*buffer)[new_size - 1] = mark;
    return true;
}

/* `by_half`: 16 bytes to 256 KiB by half of the size; otherwise to 16 KiB in steps of 48 bytes. */
static size_t one_round(unsigned char **buffers, bool by_half) {
    const size_t limit = by_half ? 256 << 10 : 16 << 10;
    size_t operations = 0, old_size = 0;

    for (size_t size = 16; size <= limit; size = by_half ? size + size / 2 : size + 48) {
        for (unsigned i = 0; i < BUFFERS; i++)
            if (!grow(&buffers[i], old_size, size, (unsigned char)(i + 1)))
                return 0;
        operations += BUFFERS;
        old_size = size;
    }
    for (int i = 0; i < BUFFERS; i++) {
        free(buffers[i]);
        buffers[i] = NULL;
    }
    return operations;
}

static void realloc_body(struct gbench *bench, size_t by_half) {
    unsigned char *buffers[BUFFERS] = {NULL};
    size_t operations = 0;

    while (gbench_next(bench)) {
        operations = one_round(buffers, by_half);
        if (!operations) {
            gbench_fail(bench, "realloc lost what was in the block");
            return;
        }
    }
    gbench_operations(bench, operations);
}

void realloc_register(void) {
    gbench_register("realloc-half", realloc_body, true, 600);
    gbench_register("realloc-step", realloc_body, false, 2500);
}
