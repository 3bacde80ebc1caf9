/* A player: one logical thread of the model. What it does at its step n depends on the seed and on
   its own blocks alone, never on timing: the same steps can be played by many threads or by one. */
#ifndef MODEL_PLAYER_H
#define MODEL_PLAYER_H

#include <stdint.h>

#include "block.h"
#include "mailbox.h"
#include "support.h"

#define PLAYER_SLOTS 3000

struct game {
    uint64_t seed;
    unsigned player_count;
    uint64_t steps_each;
    int verbose;
    struct player *players;
};

struct player {
    struct game *game;
    unsigned number;
    uint64_t step;
    struct chance chance;
    struct block slots[PLAYER_SLOTS];
    struct mailbox mailbox;
};

void player_start(struct player *player, struct game *game, unsigned number);

/* Plays one step. Anything wrong ends the process with a message that says how to play it again. */
void player_step(struct player *player);

/* Checks and frees what the player holds and what was sent to it. */
void player_finish(struct player *player);

#endif
