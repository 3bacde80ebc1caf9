/* Memory of a process -> snapshot. */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "raw.h"
#include "snapshot.h"

#define PATIENCE_MS 5000
#define HEAPS_MAX   16384 /* heaps beyond lack their live and free figures */
#define TRIES       5     /* a list may change just as it is followed */

struct growing {
    struct snapshot *snapshot;
    uint32_t arenas_room, heaps_room, ranges_room;
    bool full; /* memory was short */
};

static bool make_room(void **array, uint32_t count, uint32_t *room, size_t bytes) {
    if (count < *room)
        return true;
    uint32_t wanted = *room ? *room * 2 : 64;
    void *larger = realloc(*array, wanted * bytes);
    if (!larger)
        return false;
    *array = larger;
    *room = wanted;
    return true;
}

static bool keep_arena(void *context, const struct rows_arena *row) {
    struct growing *growing = context;
    struct snapshot *s = growing->snapshot;
    growing->full |=
        !make_room((void **)&s->arenas, s->arena_count, &growing->arenas_room, sizeof *row);
    if (!growing->full)
        s->arenas[s->arena_count++] = *row;
    return !growing->full;
}

static bool keep_heap(void *context, const struct rows_heap *row) {
    struct growing *growing = context;
    struct snapshot *s = growing->snapshot;
    growing->full |=
        !make_room((void **)&s->heaps, s->heap_count, &growing->heaps_room, sizeof *row);
    if (!growing->full)
        s->heaps[s->heap_count++] = *row;
    return !growing->full;
}

static bool keep_range(void *context, enum rows_range kind, uint64_t at, uint64_t bytes) {
    struct growing *growing = context;
    struct snapshot *s = growing->snapshot;
    growing->full |=
        !make_room((void **)&s->ranges, s->range_count, &growing->ranges_room, sizeof *s->ranges);
    if (!growing->full)
        s->ranges[s->range_count++] = (struct snapshot_range){at, bytes, kind};
    return !growing->full;
}

/* Work space of one reading. */
struct space {
    struct rows_scratch scratch;
    struct rows_heap heaps[HEAPS_MAX];
};

static bool read_once(struct snapshot *snapshot, struct memory *memory, struct space *space,
                      uint64_t root, bool *full) {
    struct growing growing = {.snapshot = snapshot};
    struct rows_source source = {memory_read, memory, &space->scratch};
    struct rows_visit visit = {.arena = keep_arena,
                               .heap = keep_heap,
                               .range = keep_range,
                               .context = &growing,
                               .classes = snapshot->classes,
                               .heaps = space->heaps,
                               .heap_capacity = HEAPS_MAX};
    memset(memory->window, 0, sizeof memory->window);
    memory->error = 0;
    snapshot->source = SNAPSHOT_EXACT;
    snapshot->taken = boot_time();
    snapshot->root = root;
    bool read =
        rows_read(&source, (const struct pool_root *)(uintptr_t)root, &snapshot->total, &visit);
    snapshot->class_count = visit.class_count < ROWS_CLASSES ? visit.class_count : ROWS_CLASSES;
    snapshot->one_moment = true;
    snapshot->reading = boot_time() - snapshot->taken;
    *full = growing.full;
    return read && !growing.full;
}

static enum status explain(const struct memory *memory, bool full, struct reason *reason) {
    int pid = memory->pid;
    if (full)
        return reason_give(reason, STATUS_FAILED, "out of memory");
    if (memory->error == EPERM || memory->error == EACCES)
        return reason_give(reason, STATUS_DENIED,
                           "reading the memory of process %d is not permitted; run poolstat as "
                           "its user or as root (and see kernel.yama.ptrace_scope), or read its "
                           "page with --page",
                           pid);
    if (memory->error == ESRCH)
        return reason_give(reason, STATUS_NO_PROCESS, "process %d has just ended", pid);
    if (memory->error == ETIME)
        return reason_give(reason, STATUS_FAILED,
                           "process %d could not be read within %d s; try --page", pid,
                           PATIENCE_MS / 1000);
    if (memory->error == 0)
        return reason_give(reason, STATUS_VERSION,
                           "process %d runs another version of libpool; use the poolstat that "
                           "came with its libpool.so",
                           pid);
    return reason_give(reason, STATUS_FAILED, "reading process %d: %s; try again, or --page", pid,
                       strerror(memory->error));
}

enum status snapshot_from_memory(struct snapshot *snapshot, pid_t pid, uint64_t root,
                                 struct reason *reason) {
    struct memory memory;
    memset(snapshot, 0, sizeof *snapshot);
    struct space *space = aligned_alloc(alignof(struct space), sizeof *space);
    if (!space || !memory_open(&memory, pid, PATIENCE_MS)) {
        free(space);
        return reason_give(reason, STATUS_FAILED, "out of memory");
    }
    bool read = false, full = false;
    for (int try = 0; try < TRIES && !read; try++) {
        snapshot_clear(snapshot);
        read = read_once(snapshot, &memory, space, root, &full);
        if (full || (!read && memory.error != EFAULT))
            break;
    }
    enum status status = read ? STATUS_OK : explain(&memory, full, reason);
    memory_close(&memory);
    free(space);
    if (!read)
        snapshot_clear(snapshot);
    return status;
}
