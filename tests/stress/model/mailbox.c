#include "mailbox.h"

int mailbox_put(struct mailbox *box, const struct block *block) {
    int fits;

    pthread_mutex_lock(&box->lock);
    fits = box->count < MAILBOX_BLOCKS && box->bytes + block->size <= MAILBOX_BYTES;
    if (fits) {
        box->blocks[box->count++] = *block;
        box->bytes += block->size;
    }
    pthread_mutex_unlock(&box->lock);
    return fits;
}

unsigned mailbox_take(struct mailbox *box, struct block *taken, unsigned limit) {
    unsigned n = 0;

    pthread_mutex_lock(&box->lock);
    while (n < limit && box->count > 0) {
        taken[n] = box->blocks[--box->count];
        box->bytes -= taken[n++].size;
    }
    pthread_mutex_unlock(&box->lock);
    return n;
}
