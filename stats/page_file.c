#include "page_file.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "page_layout.h"
#include "raw.h"
#include "root.h"
#include "sweep.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; Debian 12's libc headers have it */
#endif

#define NAMES_TRIED 4
#define GRANULE     ((size_t)65536)  /* a multiple of every OS page size */
#define FIXED_BYTES ((size_t)131072) /* of arenas and of heaps, where the page cannot grow */

static size_t round_up(size_t value, size_t unit) {
    return (value + unit - 1) / unit * unit;
}

#define FILE_BYTES      round_up(PAGE_BYTES, GRANULE)
#define MAPPED_AT_FIRST round_up(PAGE_ARENAS_AT + 1, GRANULE)

static char *put_number(char *at, uint64_t value) {
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
    } while (value /= 10);
    while (n > 0)
        *at++ = digits[--n];
    *at = 0;
    return at;
}

static void put_path(char *path, uint64_t pid, uint64_t start, unsigned attempt) {
    memcpy(path, PAGE_DIRECTORY "/" PAGE_PREFIX, sizeof PAGE_DIRECTORY "/" PAGE_PREFIX);
    char *at = put_number(path + strlen(path), pid);
    *at++ = '.';
    at = put_number(at, start);
    if (attempt == 0)
        return;
    *at++ = '.';
    put_number(at, attempt);
}

/* Field 22 of /proc/self/stat. The program's name, field 2, may contain anything: fields are
 * counted from its last parenthesis. 0 when there is no /proc. */
static uint64_t start_ticks(void) {
    char text[512];
    int fd = raw_open(AT_FDCWD, "/proc/self/stat", O_RDONLY);
    if (fd < 0)
        return 0;
    ptrdiff_t n = raw_read(fd, text, sizeof text - 1, 0);
    raw_close(fd);
    if (n <= 0)
        return 0;
    text[n] = 0;
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    uint64_t value = 0;
    if (at)
        for (at++; *at >= '0' && *at <= '9'; at++)
            value = value * 10 + (uint64_t)(*at - '0');
    return value;
}

/* A file of that name is ours to replace if this process left it behind when it replaced its
 * program: our own, and nobody holds it. */
static bool replaceable(const char *path) {
    int fd = raw_open(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct stat st;
    bool is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
              flock(fd, LOCK_SH | LOCK_NB) == 0;
    raw_close(fd);
    return is;
}

static int open_new(const char *path) {
    return raw_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
}

/* -1 with errno EEXIST: the name is taken and not ours to free. */
static int make_named(const char *path) {
    int fd = open_new(path);
    if (fd >= 0 || errno != EEXIST)
        return fd;
    if (replaceable(path) && unlink(path) == 0)
        return open_new(path);
    errno = EEXIST;
    return -1;
}

static int make_file(struct page_file *file, uint64_t start) {
    for (unsigned attempt = 0; attempt < NAMES_TRIED; attempt++) {
        put_path(file->path, (uint64_t)file->pid, start, attempt);
        int fd = make_named(file->path);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Size first: up to then a reader takes no lock, so ours cannot fail for a reader's. Every byte
 * that will be written without asking again is allocated, for a write to a full tmpfs is fatal. */
static bool prepare_file(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
        return false;
    if ((st.st_mode & 0777) != 0600 && fchmod(fd, 0600) != 0)
        return false;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, (off_t)FILE_BYTES) == 0 &&
           raw_allocate(fd, 0, (off_t)round_up(PAGE_HEAPS_AT + 1, (size_t)getpagesize())) == 0;
}

/* Exceeding the limit would raise SIGXFSZ rather than fail. */
static bool size_allowed(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= FILE_BYTES);
}

/* Later growth asks the kernel for memory behind the mapping, which an old kernel cannot: there
 * some is allocated in advance, and the page stays at that. */
static bool plan_growth(struct page_file *file, int fd) {
    size_t heaps_end = round_up(PAGE_HEAPS_AT + 1, (size_t)getpagesize());
    file->backed[PAGE_TOTALS] = file->backed[PAGE_CLASSES] = PAGE_HEAPS_AT;
    file->backed[PAGE_HEAPS] = heaps_end;
    file->backed[PAGE_ARENAS] = PAGE_ARENAS_AT;
    file->fixed = madvise(file->page, 1, MADV_POPULATE_WRITE) != 0;
    if (!file->fixed)
        return true;
    if (raw_allocate(fd, 0, (off_t)(PAGE_ARENAS_AT + FIXED_BYTES)) != 0)
        return false;
    file->backed[PAGE_HEAPS] = PAGE_ARENAS_AT;
    file->backed[PAGE_ARENAS] = PAGE_ARENAS_AT + FIXED_BYTES;
    return true;
}

static void fill_exe(struct page_header *page, const char *exe) {
    ptrdiff_t n = readlink("/proc/self/exe", page->exe, PAGE_EXE_MAX - 1);
    if (n > 0)
        page->exe[n] = 0;
    else if (exe)
        memcpy(page->exe, exe, strnlen(exe, PAGE_EXE_MAX - 1));
}

static void fill_header(struct page_file *file, uint64_t start, const char *exe) {
    struct page_header *page = file->page;
    page->version = PAGE_VERSION;
    page->rows_version = ROWS_VERSION;
    page->header_bytes = sizeof *page;
    page->section_count = PAGE_SECTIONS;
    page->file_bytes = FILE_BYTES;
    page->pid = file->pid;
    page->uid = geteuid();
    page->start_ticks = start;
    page->created = boot_time();
    page->root = (uint64_t)(uintptr_t)&libpool_root;
    fill_exe(page, exe);
    for (uint32_t id = 0; id < PAGE_SECTIONS; id++) {
        page->section[id].id = id;
        page->section[id].offset = page_layout[id].offset;
        page->section[id].stride = page_layout[id].stride;
        page->section[id].capacity = page_layout[id].capacity;
    }
    page->check = page_header_check(page);
    atomic_store_explicit(&page->magic, PAGE_MAGIC, memory_order_release);
}

/* The child of a fork must not hold the parent's page, nor keep it looking alive. */
static bool map_file(struct page_file *file, int fd) {
    file->mapped = MAPPED_AT_FIRST;
    void *at = mmap(NULL, file->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return false;
    file->page = at;
    if (madvise(at, file->mapped, MADV_DONTFORK) == 0 && plan_growth(file, fd))
        return true;
    munmap(at, file->mapped);
    file->page = NULL;
    return false;
}

bool page_file_create(struct page_file *file, const char *exe) {
    uint64_t start = start_ticks();
    memset(file, 0, sizeof *file);
    file->pid = getpid();
    if (!size_allowed())
        return false;
    int fd = make_file(file, start);
    if (fd < 0)
        return false;
    bool made = prepare_file(fd) && map_file(file, fd);
    raw_close(fd);
    if (!made) {
        unlink(file->path);
        return false;
    }
    fill_header(file, start, exe);
    sweep_leftovers(PAGE_DIRECTORY, SWEEP_OLD);
    return true;
}

static bool map_up_to(struct page_file *file, size_t end) {
    if (end <= file->mapped)
        return true;
    size_t wanted = file->mapped * 2;
    while (wanted < end)
        wanted *= 2;
    if (wanted > FILE_BYTES)
        wanted = FILE_BYTES;
    void *at = mremap(file->page, file->mapped, wanted, MREMAP_MAYMOVE);
    if (at == MAP_FAILED)
        return false;
    file->page = at;
    file->mapped = wanted;
    return true;
}

uint32_t page_file_reach(struct page_file *file, enum page_section_id id, uint32_t rows) {
    const struct page_layout *layout = &page_layout[id];
    if (rows > layout->capacity)
        rows = layout->capacity;
    size_t end = layout->offset + (size_t)layout->stride * rows;
    if (end <= file->backed[id])
        return rows;
    size_t unit = (size_t)getpagesize();
    size_t from = file->backed[id] / unit * unit, to = round_up(end, unit);
    if (!file->fixed && map_up_to(file, to) &&
        madvise((char *)file->page + from, to - from, MADV_POPULATE_WRITE) == 0) {
        file->backed[id] = to;
        return rows;
    }
    return (uint32_t)((file->backed[id] - layout->offset) / layout->stride);
}

void page_file_remove(struct page_file *file) {
    unlink(file->path);
}
