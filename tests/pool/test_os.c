#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

#define LENGTH ((size_t)1 << 18)

static void test_round(void) {
    CU_ASSERT_EQUAL(os_round(0), 0);
    CU_ASSERT_EQUAL(os_round(1), OS_PAGE);
    CU_ASSERT_EQUAL(os_round(OS_PAGE), OS_PAGE);
    CU_ASSERT_EQUAL(os_round(OS_PAGE + 1), 2 * OS_PAGE);
}

static void test_map(void) {
    char *at = os_map(NULL, LENGTH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    CU_ASSERT(zero(at, LENGTH));
    memset(at, 1, LENGTH);
    CU_ASSERT(os_purge(at, LENGTH));
    CU_ASSERT_EQUAL(resident(at, LENGTH), 0);
    CU_ASSERT(zero(at, LENGTH));
    os_huge(at, LENGTH);
    os_small(at, LENGTH);
    os_unmap(at, LENGTH);
    CU_ASSERT(!mapped(at));
}

#define HOLES OS_PURGE_MOST

/* Every second stretch of a mapping. */
static char *make_holes(struct iovec *range) {
    char *at = os_map(NULL, HOLES * 2 * LENGTH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    memset(at, 1, HOLES * 2 * LENGTH);
    for (int i = 0; i < HOLES; i++)
        range[i] = (struct iovec){at + i * 2 * LENGTH, LENGTH};
    return at;
}

static size_t holes_resident(const struct iovec *range) {
    size_t bytes = 0;
    for (int i = 0; i < HOLES; i++)
        bytes += resident(range[i].iov_base, LENGTH);
    return bytes;
}

static void nothing(void *p) {
    (void)p;
}

static void test_purge_many(void) {
    struct iovec range[HOLES];
    in_thread(nothing, NULL); /* with one thread they go one by one */
    char *at = make_holes(range);
    errno = 0;
    CU_ASSERT_EQUAL(os_purge_many(range, 0), 0);
    CU_ASSERT_EQUAL(os_purge_many(range, 1), 0);
    CU_ASSERT_EQUAL(holes_resident(range), (HOLES - 1) * LENGTH);
    CU_ASSERT_EQUAL(os_purge_many(range, HOLES), 0);
    CU_ASSERT_EQUAL(holes_resident(range), 0);
    CU_ASSERT_EQUAL(resident(at, HOLES * 2 * LENGTH), HOLES * LENGTH);
    CU_ASSERT_EQUAL(errno, 0);
    os_unmap(at, HOLES * 2 * LENGTH);
}

/* One that is locked stays, and is told; the others go. First one in the middle, then the first. */
static void test_purge_refused(void) {
    struct iovec range[HOLES];
    for (int i = 5; i >= 0; i -= 5) {
        char *at = make_holes(range);
        CU_ASSERT_EQUAL_FATAL(syscall(SYS_mlock, range[i].iov_base, OS_PAGE),
                              0); /* not the sanitizers' */
        CU_ASSERT_EQUAL(os_purge_many(range, HOLES), (uint64_t)1 << i);
        CU_ASSERT_EQUAL(*(char *)range[i].iov_base, 1);
        CU_ASSERT_EQUAL(holes_resident(range), resident(range[i].iov_base, LENGTH));
        os_unmap(at, HOLES * 2 * LENGTH);
    }
}

/* Kills the process for anything but what it needs to give memory back one by one. */
static void forbid_process_madvise(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        __builtin_trap();
}

static void purge_filtered(void *p) {
    in_thread(nothing, NULL);
    forbid_process_madvise();
    if (os_purge_many(p, HOLES) != 0 || holes_resident(p) != 0)
        __builtin_trap();
}

static void test_purge_filtered(void) {
    struct iovec range[HOLES];
    char *at = make_holes(range);
    CU_ASSERT_EQUAL(stopped_for(purge_filtered, range), RETURNED);
    os_unmap(at, HOLES * 2 * LENGTH);
}

static void test_aligned(void) {
    for (size_t align = OS_PAGE * 2; align <= (size_t)1 << 28; align *= 2) {
        char *at = os_map_aligned(align, LENGTH);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        CU_ASSERT_EQUAL((uintptr_t)at & (align - 1), 0);
        at[0] = at[LENGTH - 1] = 1;
        os_unmap(at, LENGTH);
        CU_ASSERT(!mapped(at));
    }
}

static void test_reserve(void) {
    char *at = os_reserve((size_t)1 << 34);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    char *middle = at + ((size_t)1 << 33);
    CU_ASSERT_EQUAL(middle[0], 0);
    CU_ASSERT(os_open(middle, LENGTH));
    middle[0] = 1;
    CU_ASSERT_EQUAL(middle[LENGTH - 1], 0);
    CU_ASSERT_EQUAL(middle[LENGTH], 0);
    os_unmap(at, (size_t)1 << 34);
}

/* The memory moves, the place stays, though it be two mappings; many are refused, and copied. */
static void test_move(void) {
    char *from = os_map(NULL, 16 * LENGTH), *to = os_map(NULL, LENGTH);
    CU_ASSERT_FATAL(from != NULL && to != NULL);
    for (size_t parts = 1; parts <= 64; parts *= 4) {
        for (size_t part = 1; part < parts; part += 2)
            madvise(from + part * (LENGTH / parts), LENGTH / parts, MADV_DONTFORK);
        fill(from, LENGTH, 6);
        enum os_move result = os_move(from, LENGTH, to);
        CU_ASSERT_EQUAL(result, parts <= 4 ? OS_MOVED : OS_MOVE_REFUSED);
        CU_ASSERT(filled(result == OS_MOVED ? to : from, LENGTH, 6));
        CU_ASSERT(zero(result == OS_MOVED ? from : to, LENGTH));
        CU_ASSERT(os_renew(from, LENGTH));
        CU_ASSERT(os_renew(to, LENGTH));
        CU_ASSERT(zero(from, LENGTH) && zero(to, LENGTH));
    }
    os_unmap(from, 16 * LENGTH);
    os_unmap(to, LENGTH);
}

static void test_open(void) {
    char *at = os_reserve_closed(4 * LENGTH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    CU_ASSERT(os_open(at, LENGTH));
    CU_ASSERT(zero(at, LENGTH));
    CU_ASSERT(os_open(at + LENGTH, LENGTH));
    fill(at, 2 * LENGTH, 7);
    CU_ASSERT(filled(at, 2 * LENGTH, 7));
    os_unmap(at, 4 * LENGTH);
}

static void test_remap(void) {
    char *at = os_map(NULL, LENGTH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    fill(at, LENGTH, 5);
    char *bigger = os_remap(at, LENGTH, 16 * LENGTH, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bigger);
    CU_ASSERT(filled(bigger, LENGTH, 5));
    CU_ASSERT(zero(bigger + LENGTH, 15 * LENGTH));
    CU_ASSERT_PTR_EQUAL(os_remap(bigger, 16 * LENGTH, LENGTH, false), bigger);
    char *to = os_map(NULL, LENGTH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    CU_ASSERT_PTR_EQUAL(os_remap_to(bigger, LENGTH, to), to);
    CU_ASSERT(filled(to, LENGTH, 5));
    CU_ASSERT(!mapped(bigger));
    os_unmap(to, LENGTH);
}

static void test_errno(void) {
    errno = 77;
    CU_ASSERT_PTR_NULL(os_map(NULL, (size_t)1 << 60));
    CU_ASSERT_PTR_NULL(os_map_aligned((size_t)1 << 62, (size_t)3 << 62));
    CU_ASSERT_PTR_NULL(os_remap((void *)64, LENGTH, 2 * LENGTH, true));
    CU_ASSERT_PTR_NULL(os_remap_to((void *)64, LENGTH, (void *)128));
    CU_ASSERT(!os_purge((void *)64, LENGTH));
    os_unmap((void *)64, LENGTH);
    os_huge((void *)64, LENGTH);
    os_small((void *)64, LENGTH);
    CU_ASSERT(!os_thread_alive(1 << 30));
    CU_ASSERT_EQUAL(errno, 77);
}

static void test_clock(void) {
    uint64_t before = os_now_ms();
    usleep(30000);
    uint64_t after = os_now_ms();
    CU_ASSERT(after >= before + 10 && after < before + 20000);
}

static void test_limits(void) {
    struct rlimit was;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_DATA, &was), 0);
    size_t before = os_limit();
    setrlimit(RLIMIT_DATA, &(struct rlimit){(rlim_t)1 << 40, was.rlim_max});
    CU_ASSERT_EQUAL(os_limit(), before < (size_t)1 << 40 ? before : (size_t)1 << 40);
    setrlimit(RLIMIT_DATA, &was);
    CU_ASSERT_EQUAL(os_limit(), before);
    size_t pages = (size_t)sysconf(_SC_PHYS_PAGES), page = (size_t)sysconf(_SC_PAGESIZE);
    CU_ASSERT_EQUAL(os_physical() / page, pages);
}

static void note_tid(void *p) {
    *(int *)p = os_tid();
    CU_ASSERT(os_thread_alive(*(int *)p));
}

static void test_threads(void) {
    int tid = 0;
    CU_ASSERT_EQUAL(os_tid(), syscall(SYS_gettid));
    CU_ASSERT(os_thread_alive(os_tid()));
    in_thread(note_tid, &tid);
    CU_ASSERT_NOT_EQUAL(tid, os_tid());
    for (int i = 0; i < 1000 && os_thread_alive(tid); i++)
        usleep(1000); /* the kernel wakes the joiner a moment before the thread is gone */
    CU_ASSERT(!os_thread_alive(tid));
}

CU_TestInfo os_tests[] = {
    {"lengths in whole memory pages", test_round},
    {"map, purge, unmap", test_map},
    {"purge many", test_purge_many},
    {"purge many under a filter of system calls", test_purge_filtered},
    {"aligned, nothing left around it", test_aligned},
    {"reserve", test_reserve},
    {"remap keeps contents", test_remap},
    {"move", test_move},
    {"open", test_open},
    {"failures: NULL or false, errno kept", test_errno},
    {"the clock moves on", test_clock},
    {"limits and memory of the machine", test_limits},
    {"threads", test_threads},
    {"purge many, of which one is locked", test_purge_refused},
    CU_TEST_INFO_NULL,
};
