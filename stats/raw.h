/* System calls for code that runs inside malloc: libc's open, close, read and fallocate are
 * cancellation points, and a thread cancelled in there would leave the publisher half-way. */
#ifndef STATS_RAW_H
#define STATS_RAW_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline int raw_open(int directory, const char *path, int flags) {
    return (int)syscall(SYS_openat, directory, path, flags | O_CLOEXEC, 0600);
}

static inline void raw_close(int fd) {
    syscall(SYS_close, fd);
}

static inline ptrdiff_t raw_read(int fd, void *buffer, size_t bytes, off_t at) {
    return syscall(SYS_pread64, fd, buffer, bytes, at);
}

static inline int raw_allocate(int fd, off_t at, off_t bytes) {
    return (int)syscall(SYS_fallocate, fd, 0, at, bytes);
}

/* Nanoseconds since boot, suspended time included: the one clock of every page. */
static inline uint64_t boot_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
