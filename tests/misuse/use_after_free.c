/* Freed blocks that are written to where they carry their link: noticed when they would be handed
 * out again. (Those above 1 KiB carry none.) */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

static void expect_written(void *block) {
    expect("malloc(%p): use after free: a free block was written to", block);
}

static void write_then_malloc(size_t size, int byte, size_t length) {
    void *kept = malloc(size);
    char *block = malloc(size);
    if (kept == NULL)
        return;
    free(block);
    expect_written(block);
    memset(block, byte, length);
    block = malloc(size);
}

static void pointer(void) {
    write_then_malloc(48, 0x55, 8);
}

static void zeroes(void) {
    write_then_malloc(48, 0, 48);
}

static void ones(void) {
    write_then_malloc(128, 0xff, 128);
}

/* The block is not the next one, but is reached in time. */
static void deeper(void) {
    char *blocks[8];
    for (int i = 0; i < 8; i++)
        blocks[i] = malloc(48);
    for (int i = 0; i < 7; i++)
        free(blocks[i]);
    expect_written(blocks[2]);
    strcpy(blocks[2], "written");
    for (int i = 0; i < 7; i++)
        blocks[i] = malloc(48);
}

static void *free_in_thread(void *block) {
    free(block);
    return NULL;
}

/* Freed by another thread and not collected yet: the owner notices before it hands it out. */
static void freed_by_other(void) {
    pthread_t thread;
    char *block = malloc(48);
    if (pthread_create(&thread, NULL, free_in_thread, block) == 0)
        pthread_join(thread, NULL);
    expect("malloc(%p): use after free: a free block was written to", block);
    memset(block, 0x11, 8);
    for (int i = 0; i < 100000; i++)
        if (malloc(48) == NULL)
            return;
}

static const struct misuse_case cases[] = {
    {"use-after-free-pointer", pointer},
    {"use-after-free-zeroes", zeroes},
    {"use-after-free-ones", ones},
    {"use-after-free-deeper", deeper},
    {"use-after-free-freed-by-other", freed_by_other},
    {NULL, NULL},
};

int main(int argc, char **argv) {
    return run_case(cases, argc, argv);
}
