/* Allocation before main and after it: in a preinit function, where no constructor has run yet, in
 * constructors, in a thread of a constructor, at exit, in destructors. */
#include <pthread.h>
#include <string.h>

#include "check.h"

extern char *early_block, *early_thread_block;
static char *preinit_block, *constructor_block;

static void preinit(void) {
    preinit_block = strdup("preinit");
    free(malloc(3000000));
    free(malloc(100000));
}
__attribute__((section(".preinit_array"), used)) static void (*const preinit_entry)(void) = preinit;

__attribute__((constructor)) static void construct(void) {
    constructor_block = realloc(strdup("constructor"), 5000);
}

static void leave(void) {
    free(constructor_block);
    free(malloc(50));
}

__attribute__((destructor)) static void destruct(void) {
    free(preinit_block);
    free(malloc(50));
}

int main(void) {
    check(strcmp(preinit_block, "preinit") == 0);
    check(strcmp(constructor_block, "constructor") == 0);
    check(strcmp(early_block, "a constructor") == 0);
    check(strcmp(early_thread_block, "a thread before main") == 0);
    free(early_block);
    atexit(leave);
    return 0;
}
