/* dlopen without RTLD_DEEPBIND. An object loaded with that flag would take malloc and free from
 * libc, while libc itself (strdup, getline, ...) takes them from here: the first block that
 * crosses ends the program. Preferring its own symbols is worth less than that to any plugin. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#include "export.h"

typedef void *open_function(const char *file, int mode);

/* Two threads may both look it up and find the same. */
static open_function *libc_dlopen(void) {
    static open_function *volatile found;
    open_function *function = found;
    if (function == NULL)
        found = function = (open_function *)dlsym(RTLD_NEXT, "dlopen");
    return function;
}

/* dlopen searches where its caller's RUNPATH says: the call is a jump, so that the caller remains
 * who it was. */
EXPORT void *dlopen(const char *file, int mode) {
    open_function *function = libc_dlopen();
    return function(file, mode & ~RTLD_DEEPBIND);
}
