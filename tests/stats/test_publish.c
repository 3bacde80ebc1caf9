/* The publisher, from inside the process whose page it keeps, over the rows of fake.c. */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "publish.h"
#include "raw.h"
#include "snapshot.h"
#include "sweep.h"

/* The clock that the publisher is shown: far ahead of the real one, so every process is old. */
static uint64_t clock_ms = UINT64_C(1) << 40;

static void tick_after(uint64_t ms) {
    clock_ms += ms;
    publish_tick(clock_ms);
}

/* The page of process `pid`, whichever its start time; -1 if there is none. */
static int open_page(pid_t pid, int flags, char *path) {
    char prefix[64];
    int fd = -1, n = snprintf(prefix, sizeof prefix, PAGE_PREFIX "%d.", (int)pid);
    DIR *directory = opendir(PAGE_DIRECTORY);
    const struct dirent *entry;
    while (directory && fd < 0 && (entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, prefix, (size_t)n) != 0)
            continue;
        fd = openat(dirfd(directory), entry->d_name, flags | O_CLOEXEC);
        if (path)
            snprintf(path, PAGE_NAME_MAX, PAGE_DIRECTORY "/%.60s", entry->d_name);
    }
    if (directory)
        closedir(directory);
    return fd;
}

static enum status read_page(struct snapshot *snapshot) {
    struct reason reason;
    *snapshot = (struct snapshot){0};
    int fd = open_page(getpid(), O_RDONLY, NULL);
    if (fd < 0)
        return STATUS_NO_PAGE;
    enum status status = snapshot_from_page(snapshot, fd, &reason);
    close(fd);
    return status;
}

/* The header as it is now, in a place of its own. */
static const struct page_header *header_now(void) {
    static struct page_header header;
    int fd = open_page(getpid(), O_RDONLY, NULL);
    if (fd < 0 || pread(fd, &header, sizeof header, 0) != sizeof header)
        header.magic = 0;
    close(fd);
    return &header;
}

/* Runs `body` in a child without a page; its exit status is the number of failed checks. */
static int in_child(int (*body)(void)) {
    int code;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        publish_fork_child();
        int failed = body();
        publish_exit();
        _exit(failed);
    }
    waitpid(pid, &code, 0);
    return WIFEXITED(code) ? WEXITSTATUS(code) : 1000 + WTERMSIG(code);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "  %s:%d: %s\n", __FILE__, __LINE__, #condition);                      \
            failed++;                                                                              \
        }                                                                                          \
    } while (0)

static int young(void) {
    int failed = 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    publish_start("young");
    publish_tick((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 20);
    CHECK(open_page(getpid(), O_RDONLY, NULL) < 0);
    CHECK(fake.reads == 0);
    return failed;
}

static int rows_are_published(void) {
    int failed = 0;
    struct snapshot s;
    uint64_t value;
    fake = (struct fake){.value = 77, .arenas = 3, .heaps = 2};
    tick_after(0);
    CHECK(read_page(&s) == STATUS_OK);
    CHECK(s.one_moment && s.rows_lost == 0 && s.writer_alive && s.pid == getpid());
    CHECK(s.class_count == 3 && s.heap_count == 2 && s.arena_count == 3);
    CHECK(fake_is_whole(&s.total, 0, sizeof s.total / 8, &value) && value == 77);
    for (uint32_t i = 0; i < 3; i++)
        CHECK(fake_is_whole(&s.classes[i], i, sizeof s.classes[i] / 8, &value) && value == 77);
    for (uint32_t i = 0; i < s.heap_count; i++)
        CHECK(fake_is_whole(&s.heaps[i], i, sizeof s.heaps[i] / 8, &value) && value == 77);
    for (uint32_t i = 0; i < s.arena_count; i++)
        CHECK(fake_is_whole(&s.arenas[i], i, sizeof s.arenas[i] / 8, &value) && value == 77);
    snapshot_clear(&s);
    return failed;
}

static int interval_is_kept(void) {
    int failed = 0;
    tick_after(0);
    unsigned reads = fake.reads;
    tick_after(publish_conf.interval_ms - 10);
    CHECK(fake.reads == reads);
    /* The cost may have raised the interval above the least one. */
    tick_after(10 + header_now()->interval / 1000000);
    CHECK(fake.reads == reads + 1);
    return failed;
}

static int errno_is_kept(void) {
    int failed = 0;
    errno = 12345;
    tick_after(0);
    CHECK(errno == 12345);
    publish_exit();
    CHECK(errno == 12345);
    return failed;
}

static int page_grows(void) {
    int failed = 0;
    struct snapshot s;
    uint64_t value;
    struct stat st;
    fake = (struct fake){.value = 5, .arenas = 1, .heaps = 1};
    tick_after(0);
    int fd = open_page(getpid(), O_RDONLY, NULL);
    CHECK(fstat(fd, &st) == 0 && st.st_blocks * 512 <= 24 * 1024);
    close(fd);
    for (uint32_t n = 10; n <= 100000; n *= 10) {
        fake.arenas = n;
        fake.heaps = n / 10;
        tick_after(60000);
        uint32_t arenas = n < PAGE_ARENAS_MAX ? n : PAGE_ARENAS_MAX;
        uint32_t heaps = n / 10 < PAGE_HEAPS_MAX ? n / 10 : PAGE_HEAPS_MAX;
        CHECK(read_page(&s) == STATUS_OK);
        CHECK(s.arena_count == arenas && s.arenas_truncated == n - arenas);
        CHECK(s.heap_count == heaps && s.heaps_truncated == n / 10 - heaps);
        CHECK(fake_is_whole(&s.arenas[arenas - 1], arenas - 1, sizeof *s.arenas / 8, &value));
        CHECK(fake_is_whole(&s.heaps[heaps - 1], heaps - 1, sizeof *s.heaps / 8, &value));
        snapshot_clear(&s);
    }
    return failed;
}

static int failed_walk_keeps_figures(void) {
    int failed = 0;
    struct snapshot s;
    uint64_t value;
    fake.value = 9;
    tick_after(0);
    uint64_t published = header_now()->published;
    fake.fails = true;
    tick_after(60000);
    CHECK(read_page(&s) == STATUS_OK);
    CHECK(fake_is_whole(&s.total, 0, sizeof s.total / 8, &value) && value == 9);
    CHECK(header_now()->published == published);
    snapshot_clear(&s);
    return failed;
}

static void ask(uint64_t request) {
    int fd = open_page(getpid(), O_RDWR, NULL);
    ssize_t n = pwrite(fd, &request, sizeof request, offsetof(struct page_header, request));
    (void)n;
    close(fd);
}

static int requests_are_served(void) {
    int failed = 0;
    tick_after(0);
    unsigned reads = fake.reads, trims = fake.trims;
    ask(7 << PAGE_REQUEST_BITS | PAGE_REQUEST_REFRESH);
    tick_after(21);
    CHECK(fake.reads == reads + 1 && fake.trims == trims);
    CHECK(header_now()->answer == (7 << PAGE_REQUEST_BITS | PAGE_REQUEST_REFRESH));
    tick_after(1);
    CHECK(fake.reads == reads + 1);
    ask(8 << PAGE_REQUEST_BITS | PAGE_REQUEST_PURGE);
    tick_after(1);
    CHECK(fake.trims == trims); /* too soon after the last */
    tick_after(21);
    CHECK(fake.trims == trims + 1);
    CHECK(header_now()->answer == (8 << PAGE_REQUEST_BITS | PAGE_REQUEST_PURGE));
    ask(9 << PAGE_REQUEST_BITS | 77); /* nothing that exists */
    tick_after(21);
    CHECK(fake.trims == trims + 1);
    CHECK(header_now()->answer == (8 << PAGE_REQUEST_BITS | PAGE_REQUEST_PURGE));
    return failed;
}

/* Nothing that a reader could scribble over the page reaches the publisher. */
static int hostile_page_is_harmless(void) {
    int failed = 0;
    uint64_t value, junk = 0xfedcba9876543210u;
    fake.arenas = 50;
    tick_after(0);
    int fd = open_page(getpid(), O_RDWR, NULL);
    for (off_t at = 0; at < (off_t)PAGE_ARENAS_AT + 50 * 100; at += 8)
        CHECK(pwrite(fd, &junk, sizeof junk, at) == sizeof junk);
    fake.value = 4;
    tick_after(60000);
    tick_after(60000);
    struct page_row row;
    CHECK(pread(fd, &row, sizeof row, PAGE_ARENAS_AT) == sizeof row && row.sequence % 2 == 0);
    struct rows_arena arena;
    CHECK(pread(fd, &arena, sizeof arena, PAGE_ARENAS_AT + (off_t)sizeof row) == sizeof arena);
    CHECK(fake_is_whole(&arena, 0, sizeof arena / 8, &value) && value == 4);
    close(fd);
    return failed;
}

static int exit_removes(void) {
    int failed = 0;
    tick_after(0);
    int fd = open_page(getpid(), O_RDONLY, NULL);
    CHECK(fd >= 0);
    close(fd);
    publish_exit();
    CHECK(open_page(getpid(), O_RDONLY, NULL) < 0);
    unsigned reads = fake.reads;
    tick_after(60000);
    CHECK(fake.reads == reads);
    return failed;
}

static int exit_keeps_if_asked(void) {
    int failed = 0;
    struct snapshot s;
    char path[PAGE_NAME_MAX];
    publish_conf.keep_pid = getpid();
    publish_exit(); /* before it ever had a page */
    CHECK(read_page(&s) == STATUS_OK);
    CHECK(header_now()->state == PAGE_ENDED);
    snapshot_clear(&s);
    close(open_page(getpid(), O_RDONLY, path));
    CHECK(unlink(path) == 0);
    return failed;
}

static int child_of_writer(void) {
    int failed = 0;
    struct snapshot s;
    CHECK(open_page(getpid(), O_RDONLY, NULL) < 0);
    fake.value = 200;
    tick_after(200);
    CHECK(read_page(&s) == STATUS_OK && s.pid == getpid());
    snapshot_clear(&s);
    return failed;
}

static int fork_gives_own_page(void) {
    int failed = 0;
    struct snapshot s;
    uint64_t value;
    fake.value = 100;
    tick_after(0);
    CHECK(in_child(child_of_writer) == 0);
    CHECK(read_page(&s) == STATUS_OK && s.pid == getpid());
    CHECK(fake_is_whole(&s.total, 0, sizeof s.total / 8, &value) && value == 100);
    snapshot_clear(&s);
    return failed;
}

static pid_t forked;

static void fork_in_walk(void) {
    forked = fork();
    if (forked == 0)
        publish_fork_child();
}

/* As a signal handler may: the child comes back into the middle of its parent's publication. */
static int fork_in_the_middle(void) {
    int failed = 0, code = 0;
    struct snapshot s;
    uint64_t value;
    fake = (struct fake){.value = 300, .arenas = 5, .heaps = 2};
    tick_after(0);
    fake.in_walk = fork_in_walk;
    fake.arenas = 3000; /* growing, on top of it */
    tick_after(60000);
    CHECK(forked != 0 || open_page(getpid(), O_RDONLY, NULL) < 0);
    fake.value = forked == 0 ? 301 : 302;
    tick_after(60000);
    CHECK(read_page(&s) == STATUS_OK && s.pid == getpid());
    CHECK(fake_is_whole(&s.total, 0, sizeof s.total / 8, &value) && value == fake.value);
    snapshot_clear(&s);
    if (forked == 0) {
        publish_exit();
        _exit(failed);
    }
    CHECK(waitpid(forked, &code, 0) == forked && code == 0);
    CHECK(read_page(&s) == STATUS_OK && s.pid == getpid());
    snapshot_clear(&s);
    return failed;
}

static void child_ends_in_walk(void) {
    forked = fork();
    if (forked == 0) {
        publish_fork_child();
        publish_exit();
        _exit(0);
    }
    waitpid(forked, NULL, 0);
}

/* The child ends where it began, before it has a page: the one that it knows of is its parent's. */
static int child_ends_in_the_middle(void) {
    int failed = 0;
    tick_after(0);
    fake.in_walk = child_ends_in_walk;
    tick_after(60000);
    CHECK(open_page(getpid(), O_RDONLY, NULL) >= 0);
    return failed;
}

static void exit_in_walk(void) {
    uint64_t before = boot_time();
    publish_exit();
    _exit(boot_time() - before > 10 * 1000000 || open_page(getpid(), O_RDONLY, NULL) >= 0);
}

/* From a signal handler, again: it must not wait for itself. */
static int exit_in_the_middle(void) {
    tick_after(0);
    fake.in_walk = exit_in_walk;
    tick_after(60000);
    return 1;
}

static int child_without_handlers(void) {
    int failed = 0;
    tick_after(60000);
    CHECK(open_page(getpid(), O_RDONLY, NULL) < 0);
    return failed;
}

/* A child made by the bare system call has our variables but not the mapping. */
static int bare_fork_does_not_crash(void) {
    int failed = 0, code;
    tick_after(0);
    pid_t pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        _exit(child_without_handlers());
    waitpid(pid, &code, 0);
    CHECK(WIFEXITED(code) && WEXITSTATUS(code) == 0);
    return failed;
}

static int size_limit_is_respected(void) {
    int failed = 0;
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    tick_after(0); /* SIGXFSZ would end us here */
    CHECK(open_page(getpid(), O_RDONLY, NULL) < 0);
    return failed;
}

static int disabled(void) {
    int failed = 0;
    publish_conf.enabled = false;
    tick_after(0);
    publish_exit();
    CHECK(fake.reads == 0);
    return failed;
}

/* Leaves a file of somebody else's, or as good as: only root can give one away. */
static void plant(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (geteuid() != 0 || fchown(fd, 65534, 65534) != 0)
        flock(fd, LOCK_EX); /* looks like another process's: fd stays open */
    else
        close(fd);
}

/* Somebody else has planted something under our names: a link, a file. */
static int planted_names_are_passed_over(void) {
    int failed = 0;
    char path[PAGE_NAME_MAX], second[PAGE_NAME_MAX + 2], target[] = "/tmp/libpool-test-XXXXXX";
    struct stat st;
    struct snapshot s;
    tick_after(0);
    close(open_page(getpid(), O_RDONLY, path));
    publish_exit();
    close(mkstemp(target));
    CHECK(symlink(target, path) == 0);
    CHECK(geteuid() != 0 || lchown(path, 65534, 65534) == 0);
    snprintf(second, sizeof second, "%s.1", path);
    plant(second);
    publish_fork_child();
    tick_after(60000);
    CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat(target, &st) == 0 && st.st_size == 0);
    CHECK(stat(second, &st) == 0 && st.st_size == 0);
    CHECK(unlink(path) == 0 && unlink(second) == 0 && unlink(target) == 0);
    CHECK(read_page(&s) == STATUS_OK);
    snapshot_clear(&s);
    return failed;
}

/* What the same process left before it replaced its program has the very name: it is replaced. */
static int own_leftover_is_replaced(void) {
    int failed = 0;
    char path[PAGE_NAME_MAX];
    struct snapshot s;
    tick_after(0);
    close(open_page(getpid(), O_RDONLY, path));
    publish_exit();
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    close(fd);
    publish_fork_child();
    tick_after(60000);
    CHECK(read_page(&s) == STATUS_OK);
    snapshot_clear(&s);
    return failed;
}

#define TEST(name)                                                                                 \
    static void test_##name(void) {                                                                \
        CU_ASSERT_EQUAL(in_child(name), 0);                                                        \
    }
#define TESTS(X)                                                                                   \
    X(young)                                                                                       \
    X(rows_are_published)                                                                          \
    X(interval_is_kept)                                                                            \
    X(errno_is_kept)                                                                               \
    X(page_grows)                                                                                  \
    X(failed_walk_keeps_figures)                                                                   \
    X(requests_are_served)                                                                         \
    X(hostile_page_is_harmless)                                                                    \
    X(exit_removes)                                                                                \
    X(exit_keeps_if_asked)                                                                         \
    X(fork_gives_own_page)                                                                         \
    X(fork_in_the_middle)                                                                          \
    X(child_ends_in_the_middle)                                                                    \
    X(exit_in_the_middle)                                                                          \
    X(bare_fork_does_not_crash)                                                                    \
    X(size_limit_is_respected)                                                                     \
    X(disabled)                                                                                    \
    X(planted_names_are_passed_over)                                                               \
    X(own_leftover_is_replaced)
TESTS(TEST)

int main(void) {
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("publish", NULL, NULL);
#define ADD(name) CU_add_test(suite, #name, test_##name);
    TESTS(ADD)
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures > 0;
}
