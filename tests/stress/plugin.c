/* A library for the exit tests to load: it allocates for its host and frees for it, and it still
   holds a block when the program ends. */
#include <stdlib.h>
#include <string.h>

static char *kept;

__attribute__((visibility("default"))) char *plugin_allocate(size_t size) {
    char *block = malloc(size);

    if (block != NULL)
        memset(block, 5, size);
    return block;
}

__attribute__((visibility("default"))) char *plugin_resize(char *block, size_t size) {
    return realloc(block, size);
}

__attribute__((visibility("default"))) void plugin_free(char *block) {
    free(block);
}

__attribute__((visibility("default"))) char *plugin_copy(const char *text) {
    return strdup(text);
}

__attribute__((constructor)) static void keep_one(void) {
    kept = plugin_allocate(100);
}

__attribute__((destructor)) static void free_kept(void) {
    free(kept);
    free(plugin_allocate(3000));
}
