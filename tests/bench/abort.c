/* An allocator that ends the program at its first malloc: the runner must report it as failed. */
#include <stdlib.h>

__attribute__((visibility("default"))) void *malloc(size_t size) {
    (void)size;
    abort();
}
