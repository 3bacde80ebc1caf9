#include "misuse.h"

#include "hooks.h"

struct pool_hooks hooks;

void pool_set_hooks(const struct pool_hooks *set) {
    hooks = *set;
}

void misuse(enum pool_misuse what, const void *p, const char *function) {
    if (hooks.misuse != NULL)
        hooks.misuse(what, p, function);
    __builtin_trap();
}
