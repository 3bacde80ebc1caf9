/* An allocator that is wrong but does not crash: its calloc gives blocks that are not zero. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

typedef void *malloc_function(size_t size);

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size) {
    malloc_function *next = (malloc_function *)dlsym(RTLD_NEXT, "malloc");
    void *block = next(count * size);
    return block ? memset(block, size == 64 ? 1 : 0, count * size) : NULL;
}
