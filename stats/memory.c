#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "raw.h"

#define READS_PER_CLOCK 256

bool memory_open(struct memory *memory, pid_t pid, unsigned patience_ms) {
    memset(memory, 0, sizeof *memory);
    memory->pid = pid;
    memory->give_up = boot_time() + (uint64_t)patience_ms * 1000000;
    memory->data = malloc((size_t)MEMORY_WINDOW * MEMORY_WINDOWS);
    return memory->data != NULL;
}

void memory_close(struct memory *memory) {
    free(memory->data);
    memory->data = NULL;
}

static size_t copy_from(struct memory *memory, uint64_t at, size_t bytes, void *to) {
    struct iovec local = {to, bytes}, remote = {(void *)(uintptr_t)at, bytes};
    ssize_t n = process_vm_readv(memory->pid, &local, 1, &remote, 1, 0);
    if (n < 0)
        memory->error = errno;
    return n < 0 ? 0 : (size_t)n;
}

static bool out_of_time(struct memory *memory) {
    if (++memory->reads % READS_PER_CLOCK != 0 || boot_time() < memory->give_up)
        return false;
    memory->error = ETIME;
    return true;
}

/* A window reaches as far as memory is mapped; what lies across two windows is read directly. */
const void *memory_read(void *context, const void *where, size_t len, void *buf) {
    struct memory *memory = context;
    uint64_t at = (uint64_t)(uintptr_t)where;
    uint64_t start = at / MEMORY_WINDOW * MEMORY_WINDOW;
    uint32_t slot = (uint32_t)(at / MEMORY_WINDOW % MEMORY_WINDOWS);
    struct memory_window *window = &memory->window[slot];
    unsigned char *data = memory->data + (size_t)slot * MEMORY_WINDOW;
    if (out_of_time(memory))
        return NULL;
    if (window->at != start || window->bytes == 0) {
        window->at = start;
        window->bytes = (uint32_t)copy_from(memory, start, MEMORY_WINDOW, data);
    }
    if (at - start + len <= window->bytes) {
        memcpy(buf, data + (at - start), len);
        return buf;
    }
    if (copy_from(memory, at, len, buf) == len)
        return buf;
    if (memory->error == 0)
        memory->error = EFAULT;
    return NULL;
}
