#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#define BOTH (PROT_READ | PROT_WRITE)

static void *map(void *hint, size_t bytes, int protection, int flags) {
    int saved = errno;
    void *at = mmap(hint, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    errno = saved;
    return at == MAP_FAILED ? NULL : at;
}

void *os_map(void *hint, size_t bytes) {
    return map(hint, bytes, BOTH, 0);
}

void *os_reserve(size_t bytes) {
    return map(NULL, bytes, PROT_READ, 0);
}

void *os_reserve_closed(size_t bytes) {
    return map(NULL, bytes, PROT_NONE, 0);
}

bool os_open(void *at, size_t bytes) {
    int saved = errno;
    bool done = mprotect(at, bytes, BOTH) == 0;
    errno = saved;
    return done;
}

void *os_map_aligned(size_t align, size_t bytes) {
    size_t total = bytes + align - OS_PAGE;
    if (total < bytes)
        return NULL;
    char *at = os_map(NULL, total);
    if (at == NULL)
        return NULL;
    size_t before = -(uintptr_t)at & (align - 1);
    if (before > 0)
        os_unmap(at, before);
    if (total - before - bytes > 0)
        os_unmap(at + before + bytes, total - before - bytes);
    return at + before;
}

void os_unmap(void *at, size_t bytes) {
    int saved = errno;
    /* Refused when it would make too many mappings: at least the memory goes back. */
    if (munmap(at, bytes) != 0)
        madvise(at, bytes, MADV_DONTNEED);
    errno = saved;
}

void *os_remap(void *at, size_t old_bytes, size_t bytes, bool move) {
    int saved = errno;
    void *to = mremap(at, old_bytes, bytes, move ? MREMAP_MAYMOVE : 0);
    errno = saved;
    return to == MAP_FAILED ? NULL : to;
}

void *os_remap_to(void *at, size_t bytes, void *to) {
    int saved = errno;
    void *moved = mremap(at, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    errno = saved;
    return moved == MAP_FAILED ? NULL : moved;
}

#ifndef MREMAP_DONTUNMAP /* not in the C library's headers before 2.32 */
#define MREMAP_DONTUNMAP 4
#endif

/* Growing where there is no room fails, but for another reason if it is not one mapping. */
static bool one_mapping(char *at, size_t bytes) {
    return mremap(at, bytes, bytes + OS_PAGE, 0) == MAP_FAILED && errno == ENOMEM;
}

/* How much of the bytes is one mapping to the kernel; 0: it does not say. */
static size_t first_mapping(char *at, size_t bytes) {
    size_t is = 0, is_not = bytes / OS_PAGE;
    if (one_mapping(at, bytes))
        return bytes;
    while (is_not - is > 1) {
        size_t middle = is + (is_not - is) / 2;
        if (one_mapping(at, middle * OS_PAGE))
            is = middle;
        else
            is_not = middle;
    }
    return is * OS_PAGE;
}

/* A place was lost: this process has about as many mappings as it may have, or as much memory. */
static atomic_bool hard_pressed;

/* The new place may be unmapped when the kernel fails for want of memory: then it is mapped again,
 * if nothing is there. If something is, it may be the new place itself (too many mappings are seen
 * before it is unmapped) or another's mapping, and nothing tells which: once is enough of that.
 * EINVAL comes earlier: a kernel that does not know how. */
static enum os_move move_one(void *at, size_t bytes, void *to) {
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    if (mremap(at, bytes, bytes, flags, to) != MAP_FAILED)
        return OS_MOVED;
    if (errno == EINVAL || map(to, bytes, BOTH, MAP_FIXED_NOREPLACE) == to)
        return OS_MOVE_REFUSED;
    atomic_store_explicit(&hard_pressed, true, memory_order_relaxed);
    return OS_MOVE_LOST;
}

#define PIECES 4

static enum os_move move_pieces(char *from, char *to, const size_t *piece, uint32_t pieces) {
    size_t done = 0;
    for (uint32_t i = 0; i < pieces; done += piece[i++]) {
        enum os_move result = move_one(from + done, piece[i], to + done);
        if (result == OS_MOVED)
            continue;
        memcpy(from, to, done);
        if (done > 0 && madvise(to, done, MADV_DONTNEED) != 0)
            memset(to, 0, done);
        return result;
    }
    return OS_MOVED;
}

enum os_move os_move(void *at, size_t bytes, void *to) {
    size_t piece[PIECES], found = 0;
    uint32_t pieces = 0;
    int saved = errno;
    if (atomic_load_explicit(&hard_pressed, memory_order_relaxed))
        return OS_MOVE_REFUSED;
    while (found < bytes && pieces < PIECES) {
        piece[pieces] = first_mapping((char *)at + found, bytes - found);
        if (piece[pieces] == 0)
            break;
        found += piece[pieces++];
    }
    enum os_move result = found < bytes ? OS_MOVE_REFUSED : move_pieces(at, to, piece, pieces);
    errno = saved;
    return result;
}

bool os_renew(void *at, size_t bytes) {
    return map(at, bytes, BOTH, MAP_FIXED) != NULL;
}

bool os_purge(void *at, size_t bytes) {
    int saved = errno;
    bool done = madvise(at, bytes, MADV_DONTNEED) == 0;
    errno = saved;
    return done;
}

#ifndef PIDFD_SELF
#define PIDFD_SELF (-10000) /* <linux/pidfd.h> of Linux 6.14 */
#endif

/* The kernel does not know how, or may not: it is not tried again. */
static atomic_bool one_by_one;

/* How many of the ranges, from the first, went back in one call. Only where several threads run:
 * with one there is little to gain. Not under a seccomp filter, which may kill for a call that the
 * program's author did not think of, as it does not for madvise. (Asking is such a call too, but
 * most filters that threads live with allow it.) */
static uint32_t purge_together(const struct iovec *range, uint32_t count) {
    if (count < 2 || __libc_single_threaded ||
        atomic_load_explicit(&one_by_one, memory_order_relaxed) ||
        prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
        return 0;
    long done = syscall(SYS_process_madvise, PIDFD_SELF, range, (size_t)count, MADV_DONTNEED, 0);
    uint32_t whole = 0;
    for (; whole < count && done >= (long)range[whole].iov_len; whole++)
        done -= (long)range[whole].iov_len;
    if (whole == 0 && errno != EINVAL) /* that is locked memory */
        atomic_store_explicit(&one_by_one, true, memory_order_relaxed);
    return whole;
}

uint64_t os_purge_many(const struct iovec *range, uint32_t count) {
    uint64_t refused = 0;
    int saved = errno;
    for (uint32_t i = purge_together(range, count); i < count; i++)
        refused |= (uint64_t)!os_purge(range[i].iov_base, range[i].iov_len) << i;
    errno = saved;
    return refused;
}

void os_huge(void *at, size_t bytes) {
    int saved = errno;
    madvise(at, bytes, MADV_HUGEPAGE);
    errno = saved;
}

void os_small(void *at, size_t bytes) {
    int saved = errno;
    madvise(at, bytes, MADV_NOHUGEPAGE);
    errno = saved;
}

bool os_huge_unasked;

/* System calls by number: other libraries' open() may allocate. */
void os_huge_prepare(void) {
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled", always[] = "[always]";
    char text[sizeof always - 1];
    int saved = errno;
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        os_huge_unasked = syscall(SYS_read, file, text, sizeof text) == sizeof text &&
                          memcmp(text, always, sizeof text) == 0;
        syscall(SYS_close, file);
    }
    errno = saved;
}

uint64_t os_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t os_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

size_t os_limit(void) {
    int saved = errno;
    struct rlimit space = {RLIM_INFINITY, 0}, data = {RLIM_INFINITY, 0};
    getrlimit(RLIMIT_AS, &space);
    getrlimit(RLIMIT_DATA, &data);
    errno = saved;
    rlim_t least = space.rlim_cur < data.rlim_cur ? space.rlim_cur : data.rlim_cur;
    return least == RLIM_INFINITY ? SIZE_MAX : (size_t)least;
}

size_t os_physical(void) {
    int saved = errno;
    struct sysinfo info;
    size_t bytes = sysinfo(&info) == 0 ? (size_t)info.totalram * info.mem_unit : (size_t)1 << 34;
    errno = saved;
    return bytes;
}

int os_tid(void) {
    return (int)syscall(SYS_gettid);
}

unsigned os_processor(void) {
    if (__rseq_size == 0)
        return 0;
    const volatile struct rseq *area =
        (const void *)((const char *)__builtin_thread_pointer() + __rseq_offset);
    return area->cpu_id;
}

bool os_thread_alive(int tid) {
    int saved = errno;
    bool alive = syscall(SYS_tgkill, getpid(), tid, 0) == 0 || errno != ESRCH;
    errno = saved;
    return alive;
}
