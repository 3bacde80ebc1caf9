#include "player.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define MAIL_EVERY 64
#define TRIM_EVERY 200000

void player_start(struct player *player, struct game *game, unsigned number) {
    memset(player, 0, sizeof *player);
    player->game = game;
    player->number = number;
    player->chance.state = game->seed * 1000003 + number;
    pthread_mutex_init(&player->mailbox.lock, NULL);
}

static void free_block(struct player *player, struct block *block) {
    require_intact(player, block, block->filled, "before free");
    call_free(player, block);
    block->start = NULL;
}

/* What one step may ask for: mostly small, at times several MiB. */
static size_t any_size(struct chance *chance) {
    uint64_t kind = chance_below(chance, 1000);

    if (kind < 10)
        return 0;
    if (kind < 700)
        return chance_below(chance, 257);
    if (kind < 900)
        return chance_below(chance, 4097);
    if (kind < 985)
        return chance_log(chance, 4096, 65536);
    if (kind < 999)
        return chance_log(chance, 65536, MIB);
    return chance_log(chance, MIB, 8 * MIB);
}

static void allocate(struct player *player, struct block *block) {
    struct chance *chance = &player->chance;
    uint64_t kind = chance_below(chance, 100);
    size_t size = any_size(chance);

    block->tag = chance_next(chance);
    block->alignment = 16;
    if (kind < 65)
        call_malloc(player, block, size);
    else if (kind < 80)
        call_calloc(player, block, size);
    else if (kind < 90)
        call_reallocarray(player, block, size);
    else
        call_aligned(player, block, size);
    block->filled = block->size;
    if (chance_below(chance, 4) == 0)
        require_usable(player, block, chance_below(chance, 2) == 0);
    block_fill(block);
}

static void resize(struct player *player, struct block *block) {
    struct chance *chance = &player->chance;
    size_t size = any_size(chance);

    if (chance_below(chance, 4) == 0)
        size = block->size + chance_below(chance, 64);
    require_intact(player, block, block->filled, "before realloc");
    call_realloc(player, block, size);
    if (block->start == NULL)
        return;
    block->tag = chance_next(chance);
    block->filled = block->size;
    block_fill(block);
}

static void hand_over(struct player *player, struct block *block) {
    struct game *game = player->game;
    unsigned other = (unsigned)chance_below(&player->chance, game->player_count);

    if (mailbox_put(&game->players[other].mailbox, block))
        block->start = NULL;
    else
        free_block(player, block);
}

/* Blocks that others allocated: one in eight is resized here before it is freed here. */
static void collect_mail(struct player *player) {
    struct block taken[32];
    unsigned count = mailbox_take(&player->mailbox, taken, 32);

    for (unsigned i = 0; i < count; i++) {
        if (taken[i].tag % 8 == 0) {
            require_intact(player, &taken[i], taken[i].filled, "received");
            call_realloc(player, &taken[i], taken[i].size + taken[i].tag % 512 + 1);
            taken[i].filled = taken[i].size;
            block_fill(&taken[i]);
        }
        free_block(player, &taken[i]);
    }
}

void player_step(struct player *player) {
    struct block *block = &player->slots[chance_below(&player->chance, PLAYER_SLOTS)];
    uint64_t kind = chance_below(&player->chance, 100);

    player->step++;
    if (player->step % MAIL_EVERY == 0)
        collect_mail(player);
    if (player->step % TRIM_EVERY == 0)
        malloc_trim(0);
    if (block->start == NULL)
        allocate(player, block);
    else if (kind < 60)
        free_block(player, block);
    else if (kind < 80)
        resize(player, block);
    else if (kind < 95)
        hand_over(player, block);
    else
        require_intact(player, block, block->filled, "still held");
}

void player_finish(struct player *player) {
    while (player->mailbox.count > 0)
        collect_mail(player);
    for (unsigned i = 0; i < PLAYER_SLOTS; i++) {
        if (player->slots[i].start != NULL)
            free_block(player, &player->slots[i]);
    }
}
