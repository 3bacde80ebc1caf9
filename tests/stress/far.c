/* More address space than the map of addresses covers at once: blocks that are far apart meet the
   same place in it, and must be put elsewhere. Nothing is touched, so nothing is needed but
   addresses. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 300, SMALL = 20000 };

static void *blocks[BLOCKS];

static void allocate_all(void) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(1024 * MIB);
        if (blocks[i] == NULL)
            fail("far: only %d blocks of 1 GiB", i);
        *(int *)blocks[i] = i;
    }
}

static void free_all(void) {
    for (int i = 0; i < BLOCKS; i++) {
        if (*(int *)blocks[i] != i)
            fail("far: block %d was overwritten", i);
        free(blocks[i]);
    }
}

static void grow_all(void) {
    for (int i = 0; i < BLOCKS; i++) {
        int *block = malloc(MIB);
        if (block == NULL)
            fail("far: no memory for block %d", i);
        *block = i;
        blocks[i] = realloc(block, 1024 * MIB);
        if (blocks[i] == NULL)
            fail("far: block %d cannot grow to 1 GiB", i);
    }
}

/* Small blocks find a place between them. */
static void use_small(void) {
    static char *small[SMALL];
    for (int i = 0; i < SMALL; i++) {
        small[i] = malloc(500);
        if (small[i] == NULL)
            fail("far: only %d small blocks", i);
        memset(small[i], i, 500);
    }
    for (int i = 0; i < SMALL; i++) {
        if (small[i][499] != (char)i)
            fail("far: small block %d was overwritten", i);
        free(small[i]);
    }
}

int main(void) {
    require_subject();
    allocate_all();
    use_small();
    free_all();
    grow_all();
    use_small();
    free_all();
    printf("%d blocks of 1 GiB, allocated and grown\n", BLOCKS);
    return 0;
}
