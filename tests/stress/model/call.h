/* A call: one allocation function called for a player, and what must be true of its result. */
#ifndef MODEL_CALL_H
#define MODEL_CALL_H

#include "player.h"

/* Each sets the block's start, size and alignment, and ends the process if the result is wrong. */
void call_malloc(struct player *player, struct block *block, size_t size);
void call_calloc(struct player *player, struct block *block, size_t size);
void call_reallocarray(struct player *player, struct block *block, size_t size);
/* posix_memalign, aligned_alloc or memalign, at an alignment from 8 bytes to 1 GiB. */
void call_aligned(struct player *player, struct block *block, size_t size);
/* The block's start is NULL afterwards if SIZE was 0 and the block was freed. */
void call_realloc(struct player *player, struct block *block, size_t size);
/* free, free_sized or free_aligned_sized. */
void call_free(struct player *player, struct block *block);

/* The first COUNT bytes must be as patterned; WHEN is for the message. */
void require_intact(struct player *player, const struct block *block, size_t count,
                    const char *when);

/* malloc_usable_size must hold the size; if USE, the rest is patterned too, as programs may do. */
void require_usable(struct player *player, struct block *block, int use);

#endif
