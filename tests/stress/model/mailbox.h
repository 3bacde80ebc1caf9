/* A mailbox: blocks that other players handed to this one, to be checked and freed here. */
#ifndef MODEL_MAILBOX_H
#define MODEL_MAILBOX_H

#include <pthread.h>

#include "block.h"

#define MAILBOX_BLOCKS 1024
#define MAILBOX_BYTES  ((size_t)32 << 20)

struct mailbox {
    pthread_mutex_t lock;
    unsigned count;
    size_t bytes;
    struct block blocks[MAILBOX_BLOCKS];
};

/* Takes the block over and returns 1, or returns 0 if the mailbox is full. Any thread. */
int mailbox_put(struct mailbox *box, const struct block *block);

/* Moves up to LIMIT of the waiting blocks to TAKEN and returns how many. Any thread. */
unsigned mailbox_take(struct mailbox *box, struct block *taken, unsigned limit);

#endif
