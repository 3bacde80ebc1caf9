#include "call.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* C23's functions: an allocator may have them although this libc's headers do not. */
extern void free_sized(void *start, size_t size) __attribute__((weak));
extern void free_aligned_sized(void *start, size_t alignment, size_t size) __attribute__((weak));

__attribute__((noreturn)) static void wrong(struct player *player, const struct block *block,
                                            const char *what) {
    struct game *game = player->game;

    fail("model: %s\n"
         "  player %u, step %llu; block %p, size %zu, filled %zu, alignment %zu\n"
         "  play it again, one thread for all: model --seed %llu --threads %u --steps %llu"
         " --replay --verbose",
         what, player->number, (unsigned long long)player->step, (void *)block->start, block->size,
         block->filled, block->alignment, (unsigned long long)game->seed, game->player_count,
         (unsigned long long)(game->steps_each * game->player_count));
}

static void tell(struct player *player, const char *call, const struct block *block) {
    if (player->game->verbose)
        fprintf(stderr, "%u.%llu %s size %zu alignment %zu: %p\n", player->number,
                (unsigned long long)player->step, call, block->size, block->alignment,
                (void *)block->start);
}

static void require_result(struct player *player, struct block *block, void *start, size_t size,
                           const char *call) {
    block->start = start;
    block->size = size;
    tell(player, call, block);
    if (start == NULL)
        wrong(player, block, "no memory, with plenty left");
    if ((uintptr_t)start % block->alignment != 0)
        wrong(player, block, "the block is not aligned");
}

void call_malloc(struct player *player, struct block *block, size_t size) {
    require_result(player, block, malloc(size), size, "malloc");
}

void call_calloc(struct player *player, struct block *block, size_t size) {
    size_t each = 1 + chance_below(&player->chance, 9);
    size_t count = size / each;

    require_result(player, block, calloc(count, each), count * each, "calloc");
    block->filled = block->size;
    if (block_first_nonzero(block) >= 0)
        wrong(player, block, "calloc gave a block that is not zero");
}

void call_reallocarray(struct player *player, struct block *block, size_t size) {
    size_t each = 1 + chance_below(&player->chance, 9);
    size_t count = size / each;

    require_result(player, block, reallocarray(NULL, count, each), count * each, "reallocarray");
}

static size_t any_alignment(struct chance *chance) {
    uint64_t kind = chance_below(chance, 20000);

    if (kind == 0)
        return (size_t)2 * MIB << chance_below(chance, 10);
    return (size_t)8 << chance_below(chance, kind < 500 ? 18 : 10);
}

void call_aligned(struct player *player, struct block *block, size_t size) {
    size_t alignment = any_alignment(&player->chance);
    void *start = NULL;

    block->alignment = alignment;
    switch (chance_below(&player->chance, 3)) {
    case 0:
        if (posix_memalign(&start, alignment, size) != 0)
            start = NULL;
        require_result(player, block, start, size, "posix_memalign");
        break;
    case 1:
        size = (size + alignment - 1) & -alignment;
        size = size > 16 * MIB ? alignment : size;
        require_result(player, block, aligned_alloc(alignment, size), size, "aligned_alloc");
        break;
    default:
        require_result(player, block, memalign(alignment, size), size, "memalign");
    }
}

void call_realloc(struct player *player, struct block *block, size_t size) {
    size_t kept = size < block->size ? size : block->size;
    struct block before = *block;
    void *start = realloc(block->start, size);

    block->alignment = 16;
    if (start == NULL && size == 0) {
        block->start = NULL;
        return;
    }
    require_result(player, block, start, size, "realloc");
    before.start = start;
    require_intact(player, &before, kept, "after realloc");
}

void call_free(struct player *player, struct block *block) {
    tell(player, "free", block);
    errno = 77;
    if (block->alignment > 16 && free_aligned_sized != NULL && block->tag % 4 == 0)
        free_aligned_sized(block->start, block->alignment, block->size);
    else if (block->alignment == 16 && free_sized != NULL && block->tag % 4 == 0)
        free_sized(block->start, block->size);
    else
        free(block->start);
    if (errno != 77)
        wrong(player, block, "free changed errno");
}

void require_intact(struct player *player, const struct block *block, size_t count,
                    const char *when) {
    ptrdiff_t at = block_first_wrong(block, count);
    char text[96];

    if (at < 0)
        return;
    snprintf(text, sizeof text, "byte %td is not as written: %s", at, when);
    wrong(player, block, text);
}

void require_usable(struct player *player, struct block *block, int use) {
    size_t usable = malloc_usable_size(block->start);

    if (usable < block->size)
        wrong(player, block, "malloc_usable_size is less than was asked for");
    if (use)
        block->filled = usable;
}
