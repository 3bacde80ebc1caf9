/* Preloaded beside the allocator: every process of a case writes one line, "NAME<TAB>OBJECT", to
   the file that WITNESS_LOG names: the program and the object whose malloc it will call. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A program at a fixed address has its own entry for a function that it only calls: the symbol is
   undefined there. The one who serves it is the next in line, and the witness is preloaded first.
 */
static const char *object_of(const char *symbol) {
    Dl_info info;
    ElfW(Sym) *entry = NULL;
    void *address = dlsym(RTLD_DEFAULT, symbol);

    if (address && dladdr1(address, &info, (void **)&entry, RTLD_DL_SYMENT) && entry &&
        entry->st_shndx == SHN_UNDEF)
        address = dlsym(RTLD_NEXT, symbol);
    if (address == NULL || dladdr(address, &info) == 0)
        return "nobody";
    return info.dli_fname;
}

/* An allocator that takes over only some of the functions would free what another one gave out. */
static const char *object_of_all(void) {
    static const char *const symbols[] = {"free", "calloc", "realloc", "posix_memalign"};
    const char *object = object_of("malloc");

    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (strcmp(object, object_of(symbols[i])) != 0)
            return "mixed";
    }
    return object;
}

__attribute__((constructor)) static void bear_witness(void) {
    int saved = errno;
    const char *path = getenv("WITNESS_LOG");
    char line[1024];
    int file, length;

    if (path == NULL)
        return;
    length =
        snprintf(line, sizeof line, "%s\t%s\n", program_invocation_short_name, object_of_all());
    file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file >= 0) {
        /* A line that could not be written shows as a missing witness: the case fails on that. */
        ssize_t written = write(file, line, (size_t)length);
        (void)written;
        close(file);
    }
    errno = saved;
}
