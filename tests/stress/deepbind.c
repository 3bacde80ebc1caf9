/* A library loaded with RTLD_DEEPBIND finds libc's malloc before the preloaded one. Blocks still go
   to and fro between it and the program, as they do in programs that load plugins so.
 *
 *   deepbind PLUGIN.so
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static char *(*plugin_allocate)(size_t);
static char *(*plugin_resize)(char *, size_t);
static void (*plugin_free)(char *);
static char *(*plugin_copy)(const char *);

static void *symbol(void *library, const char *name) {
    void *found = dlsym(library, name);

    if (found == NULL)
        fail("deepbind: %s", dlerror());
    return found;
}

static void *load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

    if (library == NULL)
        fail("deepbind: %s", dlerror());
    plugin_allocate = symbol(library, "plugin_allocate");
    plugin_resize = symbol(library, "plugin_resize");
    plugin_free = symbol(library, "plugin_free");
    plugin_copy = symbol(library, "plugin_copy");
    return library;
}

static void require_bytes(const char *block, size_t count, char value, const char *what) {
    for (size_t i = 0; i < count; i++) {
        if (block[i] != value)
            fail("deepbind: byte %zu is wrong: %s", i, what);
    }
}

static void from_plugin(size_t size) {
    char *block = plugin_allocate(size);

    require_bytes(block, size, 5, "allocated by the plugin");
    if (malloc_usable_size(block) < size)
        fail("deepbind: malloc_usable_size of the plugin's block is too small");
    block = realloc(block, size * 3);
    require_bytes(block, size, 5, "allocated by the plugin, resized here");
    free(block);
    free(plugin_allocate(size));
}

static void to_plugin(size_t size) {
    char *block = malloc(size);

    memset(block, 6, size);
    block = plugin_resize(block, size * 3);
    require_bytes(block, size, 6, "allocated here, resized by the plugin");
    plugin_free(block);
    plugin_free(malloc(size));
}

int main(int argc, char **argv) {
    void *library;

    if (argc != 2) {
        fputs("deepbind PLUGIN.so\n", stderr);
        return 2;
    }
    require_subject();
    for (int round = 0; round < 3; round++) {
        library = load(argv[1]);
        for (size_t size = 1; size <= 4 * MIB; size = size * 5 / 2 + 1) {
            from_plugin(size);
            to_plugin(size);
        }
        /* Here it is libc that allocates for the plugin, and the program that frees. */
        free(plugin_copy("a copy of this"));
        if (round < 2)
            dlclose(library);
    }
    puts("blocks went to and fro");
    return 0;
}
