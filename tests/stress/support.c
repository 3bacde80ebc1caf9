#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void require_same_file(const char *wanted, const char *found) {
    char wanted_path[PATH_MAX], found_path[PATH_MAX];

    if (realpath(wanted, wanted_path) == NULL)
        fail("%s is not there: build it with ninja -C BUILDDIR", wanted);
    if (realpath(found, found_path) == NULL || strcmp(wanted_path, found_path) != 0)
        fail("malloc is served by %s, not by %s: is LD_PRELOAD set?", found, wanted);
}

void require_subject(void) {
    const char *wanted = getenv("STRESS_SUBJECT");
    Dl_info info;

    if (dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) == 0)
        fail("cannot tell who serves malloc");
    if (wanted != NULL && *wanted != '\0')
        require_same_file(wanted, info.dli_fname);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("malloc of %s\n", info.dli_fname);
}

void fail(const char *format, ...) {
    char text[1024];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || length > (int)sizeof text - 2)
        length = sizeof text - 2;
    text[length] = '\n';
    if (write(STDERR_FILENO, text, (size_t)length + 1) < 0)
        _exit(2);
    _exit(1);
}

size_t resident_bytes(void) {
    char text[128];
    size_t total, resident;
    ssize_t length;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (file < 0)
        fail("/proc/self/statm: %s", strerror(errno));
    length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    if (sscanf(text, "%zu %zu", &total, &resident) != 2)
        fail("/proc/self/statm cannot be understood");
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

double seconds_now(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void sleep_seconds(double seconds) {
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

int shows_progress(void) {
    return isatty(STDERR_FILENO);
}
