/* Pointers that are no block's: foreign, gone, interior, unaligned. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cases.h"

#define RUN_BYTES   100000
#define LARGE_BYTES (5 << 20)

static char in_data[64] __attribute__((aligned(16))) = "data";
static char in_bss[1 << 20] __attribute__((aligned(16)));

static void free_foreign(const void *p) {
    expect("free(%p): invalid pointer: no block is there, or not any more", p);
    free((void *)p);
}

static void stack(void) {
    char local[64] __attribute__((aligned(16)));
    memset(local, 0, sizeof local);
    free_foreign(local);
}

static void data(void) {
    free_foreign(in_data);
}

static void bss(void) {
    free_foreign(in_bss + 4096);
}

static void literal(void) {
    free_foreign("a literal");
}

static void code(void) {
    free_foreign((void *)(uintptr_t)&free_foreign);
}

static void libc_data(void) {
    free_foreign(stdout);
}

static void mapping(void) {
    free_foreign(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void unreadable(void) {
    free_foreign(mmap(NULL, 8 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void small_integer(void) {
    free_foreign((void *)8);
}

static void aligned_integer(void) {
    free_foreign((void *)4096);
}

static void minus_one(void) {
    free_foreign((void *)-1L);
}

static void non_canonical(void) {
    free_foreign((void *)0xdeadbeefdeadbee0);
}

static void non_canonical_odd(void) {
    free_foreign((void *)0xdeadbeefdeadbeef);
}

static void kernel(void) {
    free_foreign((void *)0xffff888000000000);
}

/* In a pool, where no block has been handed out yet. */
static void uncarved(void) {
    char *block = malloc(48);
    free_foreign(block + 400 * 48);
}

/* Where an arena is likely to be, but is none. */
static void far_from_block(void) {
    char *block = malloc(48);
    free_foreign(block + (1L << 40));
}

static void first_block_ever(void) {
    free_foreign((void *)0x10000);
}

static void free_inside(size_t size, size_t offset) {
    char *block = malloc(size), *kept = malloc(size);
    if (kept == NULL)
        return;
    expect("free(%p): %s pointer: it points %zu byte%s into the block of %zu bytes at %p",
           block + offset, offset % 16 == 0 ? "interior" : "unaligned", offset,
           offset == 1 ? "" : "s", malloc_usable_size(block), block);
    free(block + offset);
}

static void interior_small(void) {
    free_inside(48, 16);
}

static void interior_small_far(void) {
    free_inside(1000, 992);
}

static void interior_coarse(void) {
    free_inside(13104, 4096);
}

static void unaligned_8(void) {
    free_inside(48, 8);
}

static void unaligned_1(void) {
    free_inside(48, 1);
}

static void unaligned_16_byte_block(void) {
    free_inside(16, 4);
}

static void interior_run(void) {
    free_inside(RUN_BYTES, 16);
}

static void interior_run_body(void) {
    free_inside(RUN_BYTES, 65536);
}

static void unaligned_run(void) {
    free_inside(RUN_BYTES, 8);
}

static void interior_large(void) {
    free_inside(LARGE_BYTES, 16);
}

static void interior_large_page(void) {
    free_inside(LARGE_BYTES, 4096);
}

static void interior_large_far(void) {
    free_inside(LARGE_BYTES, LARGE_BYTES - 16);
}

static void unaligned_large(void) {
    free_inside(LARGE_BYTES, 1);
}

static void interior_aligned(void) {
    char *block = memalign(256, 256), *kept = memalign(256, 256);
    if (kept == NULL)
        return;
    expect("free(%p): interior pointer: it points 16 bytes into the block of 256 bytes at %p",
           block + 16, block);
    free(block + 16);
}

static void realloc_free(void) {
    void *block = malloc(48), *kept = malloc(48);
    if (kept == NULL)
        return;
    free(block);
    expect("realloc(%p): double free: the block of 48 bytes is already free", block);
    block = realloc(block, 100);
}

static void realloc_foreign(void) {
    expect("realloc(%p): invalid pointer: no block is there, or not any more", (void *)in_data);
    in_data[0] = realloc(in_data, 100) != NULL;
}

static void realloc_interior(void) {
    char *block = malloc(48);
    expect("realloc(%p): interior pointer: it points 16 bytes into the block of 48 bytes at %p",
           block + 16, block);
    block = realloc(block + 16, 100);
}

static void realloc_gone(void) {
    void *block = malloc(LARGE_BYTES);
    free(block);
    expect("realloc(%p): invalid pointer: no block is there, or not any more", block);
    block = realloc(block, 100);
}

static void usable_free(void) {
    void *block = malloc(48), *kept = malloc(48);
    if (kept == NULL)
        return;
    free(block);
    expect("malloc_usable_size(%p): double free: the block of 48 bytes is already free", block);
    in_data[0] = (char)malloc_usable_size(block);
}

static void usable_foreign(void) {
    expect("malloc_usable_size(%p): invalid pointer: no block is there, or not any more",
           (void *)in_data);
    in_data[0] = (char)malloc_usable_size(in_data);
}

static const struct misuse_case cases[] = {
    {"invalid-stack", stack},
    {"invalid-data", data},
    {"invalid-bss", bss},
    {"invalid-literal", literal},
    {"invalid-code", code},
    {"invalid-libc-data", libc_data},
    {"invalid-mapping", mapping},
    {"invalid-unreadable", unreadable},
    {"invalid-small-integer", small_integer},
    {"invalid-aligned-integer", aligned_integer},
    {"invalid-minus-one", minus_one},
    {"invalid-non-canonical", non_canonical},
    {"invalid-non-canonical-odd", non_canonical_odd},
    {"invalid-kernel", kernel},
    {"invalid-uncarved", uncarved},
    {"invalid-far-from-block", far_from_block},
    {"invalid-64K", first_block_ever},
    {"interior-small", interior_small},
    {"interior-small-far", interior_small_far},
    {"interior-coarse", interior_coarse},
    {"interior-run", interior_run},
    {"interior-run-body", interior_run_body},
    {"interior-large", interior_large},
    {"interior-large-page", interior_large_page},
    {"interior-large-far", interior_large_far},
    {"interior-aligned", interior_aligned},
    {"unaligned-8", unaligned_8},
    {"unaligned-1", unaligned_1},
    {"unaligned-16-byte-block", unaligned_16_byte_block},
    {"unaligned-run", unaligned_run},
    {"unaligned-large", unaligned_large},
    {"realloc-free", realloc_free},
    {"realloc-foreign", realloc_foreign},
    {"realloc-interior", realloc_interior},
    {"realloc-gone", realloc_gone},
    {"usable-size-free", usable_free},
    {"usable-size-foreign", usable_foreign},
    {NULL, NULL},
};

int main(int argc, char **argv) {
    return run_case(cases, argc, argv);
}
