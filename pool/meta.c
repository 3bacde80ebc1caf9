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

static void *cut(size_t bytes, size_t align) {
    size_t gap = -(uintptr_t)next & (align - 1);
    if (gap + bytes > left)
        return NULL;
    char *block = next + gap;
    next = block + bytes;
    left -= gap + bytes;
    return block;
}

void *meta_alloc(size_t bytes, size_t align) {
    bytes = (bytes + 63) & ~(size_t)63;
    lock_take(&lock);
    void *block = cut(bytes, align);
    if (block == NULL && step(bytes + align))
        block = cut(bytes, align);
    lock_release(&lock);
    return block;
}

void meta_lock(void) {
    lock_take(&lock);
}

void meta_unlock(void) {
    lock_release(&lock);
}
