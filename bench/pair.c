/*
 * Pairs and nothing else, for callgrind: pair KIND COUNT, where KIND is
 *   malloc  malloc(24) and free
 *   new     C++ new of 24 bytes and its sized delete
 * The runner counts the instructions outside this program's own code with two counts and takes the
 * difference: what the allocator executes for one pair, whatever start-up costs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 24 };

/* The C++ operators by their mangled names, as a compiler of C++ calls them. */
void *operator_new(size_t size) __asm__("_Znwm");
void operator_delete_sized(void *block, size_t size) __asm__("_ZdlPvm");

static void keep(void *block) {
    __asm__ volatile("" : : "r"(block) : "memory");
}

static void malloc_pairs(long count) {
    for (long i = 0; i < count; i++) {
        void *block = malloc(SIZE);
        keep(block);
        free(block);
    }
}

static void new_pairs(long count) {
    for (long i = 0; i < count; i++) {
        void *block = operator_new(SIZE);
        keep(block);
        operator_delete_sized(block, SIZE);
    }
}

int main(int argc, char **argv) {
    const long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (count > 0 && strcmp(argv[1], "malloc") == 0) {
        malloc_pairs(count);
    } else if (count > 0 && strcmp(argv[1], "new") == 0) {
        new_pairs(count);
    } else {
        fprintf(stderr, "pair: malloc COUNT or new COUNT\n");
        return 2;
    }
    return 0;
}
