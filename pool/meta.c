#include "meta.h"

#include "lock.h"
#include "os.h"
#include "root.h"

#define STEP ((size_t)64 << 10)

#define HEAD 64 /* of a step, so that what follows stays 64-byte aligned */

static struct lock lock;
static char *next;
static size_t left;

static bool step(size_t bytes) {
    size_t taken = bytes + HEAD > STEP ? os_round(bytes + HEAD) : STEP;
    struct meta_step *head = os_map(NULL, taken);
    if (head == NULL)
        return false;
    *head = (struct meta_step){libpool_root.meta, taken};
    libpool_root.meta = head;
    next = (char *)head + HEAD;
    left = taken - HEAD;
    return true;
}

void *meta_alloc(size_t bytes) {
    bytes = (bytes + 63) & ~(size_t)63;
    void *block = NULL;
    lock_take(&lock);
    if (bytes <= left || step(bytes)) {
        block = next;
        next += bytes;
        left -= bytes;
    }
    lock_release(&lock);
    return block;
}

void meta_lock(void) {
    lock_take(&lock);
}

void meta_unlock(void) {
    lock_release(&lock);
}
