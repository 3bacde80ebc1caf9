/* Aligned blocks of a size that is no multiple of the alignment, a window of them live. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>

enum { WINDOW = 64 };

static void aligned_body(struct gbench *bench, size_t alignment) {
    void *blocks[WINDOW] = {NULL};
    size_t size = alignment / 2;

    while (gbench_next(bench)) {
        for (int i = 0; i < WINDOW; i++) {
            free(blocks[i]);
            size = size < 4 * alignment ? size + 24 : alignment / 2;
            if (posix_memalign(&blocks[i], alignment, size) ||
                (uintptr_t)blocks[i] % alignment != 0) {
                gbench_fail(bench, "posix_memalign gave no block of this alignment");
                return;
            }
            *(char *)blocks[i] = 1;
        }
    }
    gbench_operations(bench, WINDOW);
    for (int i = 0; i < WINDOW; i++)
        free(blocks[i]);
}

void aligned_register(void) {
    gbench_register("aligned-64", aligned_body, 64, 80000);
    gbench_register("aligned-4K", aligned_body, 4 << 10, 20000);
}
