/* The only calls of mmap, munmap, mremap, mprotect and madvise. errno is preserved by all of them;
 * what fails returns NULL or false. Lengths in bytes, multiples of 4096 unless stated. */
#ifndef POOL_OS_H
#define POOL_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define OS_PAGE ((size_t)4096)

static inline size_t os_round(size_t bytes) {
    return (bytes + OS_PAGE - 1) & ~(OS_PAGE - 1);
}

/* Zeroed private memory; `hint` may be NULL. */
void *os_map(void *hint, size_t bytes);
/* The same, aligned; `align` is a power of two above 4096. */
void *os_map_aligned(size_t align, size_t bytes);
/* Address space that reads as zero, to be opened before it is written to. */
void *os_reserve(size_t bytes);
/* Address space without access, and access to part of either; false: no memory. */
void *os_reserve_closed(size_t bytes);
bool os_open(void *at, size_t bytes);
void os_unmap(void *at, size_t bytes);
/* Changes the length of a mapping; may move it if `move`. NULL when impossible. */
void *os_remap(void *at, size_t old_bytes, size_t bytes, bool move);
/* Moves a mapping onto another of the same length, which it replaces. */
void *os_remap_to(void *at, size_t bytes, void *to);
/* Moves the memory alone, to where zeroed memory is mapped; `at` stays mapped and reads as zero.
 * Refused where the kernel cannot, or `at` is many mappings to it: nothing has changed then. The
 * kernel may fail halfway: then nothing, or something else by now, may be mapped at `to`, and all
 * later moves are refused. What follows on `at` must be mapped. */
enum os_move { OS_MOVED, OS_MOVE_REFUSED, OS_MOVE_LOST };
enum os_move os_move(void *at, size_t bytes, void *to);
/* Replaces what is mapped there by new zeroed memory. */
bool os_renew(void *at, size_t bytes);
/* Gives the memory back; it reads as zero afterwards. False if the kernel refused. */
bool os_purge(void *at, size_t bytes);
/* The same for up to OS_PURGE_MOST ranges, at the price of about one where several threads run and
 * the kernel can: their processors are interrupted once, which is most of the cost. Bit
 * i: range[i] was refused. */
#define OS_PURGE_MOST 64
uint64_t os_purge_many(const struct iovec *range, uint32_t count);
/* Asks for huge pages there; a wish. */
void os_huge(void *at, size_t bytes);
/* No huge pages there any more. */
void os_small(void *at, size_t bytes);
/* Does this system give huge pages to whoever has not asked for them? Looked up once, while the
 * process is young: later it may have forbidden itself to open files. */
extern bool os_huge_unasked;
void os_huge_prepare(void);
/* Milliseconds of a clock that only moves forward, a few milliseconds coarse. */
uint64_t os_now_ms(void);
/* Nanoseconds of a clock that only moves forward. */
uint64_t os_now_ns(void);
/* The least of RLIMIT_AS, RLIMIT_DATA; SIZE_MAX when unlimited. */
size_t os_limit(void);
size_t os_physical(void);
int os_tid(void);
/* The processor the calling thread runs on, until it is moved; one and the same number for all
 * where the kernel does not tell the C library (rseq). Two loads, where asking takes 25
 * instructions. */
unsigned os_processor(void);
/* False when no thread of this process has that id. */
bool os_thread_alive(int tid);

#endif
