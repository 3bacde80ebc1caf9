#include "meta.h"

#include "lock.h"
#include "os.h"

#define STEP ((size_t)64 << 10)

static struct lock lock;
static char *next;
static size_t left;
static _Atomic uint64_t taken;

void *meta_alloc(size_t bytes) {
    bytes = (bytes + 63) & ~(size_t)63;
    lock_take(&lock);
    if (bytes > left) {
        size_t step = bytes > STEP ? os_round(bytes) : STEP;
        char *at = os_map(NULL, step);
        if (at == NULL) {
            lock_release(&lock);
            return NULL;
        }
        next = at;
        left = step;
    }
    void *block = next;
    next += bytes;
    left -= bytes;
    taken += bytes;
    lock_release(&lock);
    return block;
}

uint64_t meta_bytes(void) {
    return taken;
}

void meta_lock(void) {
    lock_take(&lock);
}

void meta_unlock(void) {
    lock_release(&lock);
}
