/* What operator new does without memory. The new handler and std::bad_alloc belong to the C++
 * library, which may have been loaded by dlopen and out of sight: it is looked up when needed. */
#include <dlfcn.h>
#include <stdlib.h>

#include "line.h"
#include "new.h"
#include "pool.h"

static void *library_symbol(const char *name) {
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        if (library == NULL)
            continue;
        void *symbol = dlsym(library, name);
        dlclose(library); /* gives up the reference, the library stays */
        if (symbol != NULL)
            return symbol;
    }
    return NULL;
}

/* For what we do not define ourselves: also finds a library that is part of the program. */
static void *any_symbol(const char *name) {
    void *symbol = library_symbol(name);
    return symbol != NULL ? symbol : dlsym(RTLD_DEFAULT, name);
}

typedef void handler(void);

static handler *new_handler(void) {
    handler *(*get)(void) = (handler * (*)(void)) any_symbol("_ZSt15get_new_handlerv");
    return get != NULL ? get() : NULL;
}

int new_handler_set(void) {
    return new_handler() != NULL;
}

static _Noreturn void throw_bad_alloc(size_t size) {
    void (*throw)(void) = (void (*)(void))any_symbol("_ZSt17__throw_bad_allocv");
    if (throw != NULL)
        throw();
    struct line line = {0};
    line_text(&line, "libpool: operator new(");
    line_number(&line, size);
    line_text(&line, "): out of memory, and no C++ library is loaded that could throw "
                     "std::bad_alloc: link the program with one, or give it more memory");
    line_write(&line);
    abort();
}

void *new_failed(size_t align, size_t size) {
    for (;;) {
        handler *handle = new_handler();
        if (handle == NULL)
            throw_bad_alloc(size);
        handle();
        void *block = align == 0 ? pool_malloc(size) : pool_aligned(align, size);
        if (block != NULL)
            return block;
    }
}

void *library_new(const char *form, size_t size, const void *nothrow) {
    void *(*new)(size_t, const void *) = (void *(*)(size_t, const void *))library_symbol(form);
    return new != NULL ? new (size, nothrow) : NULL;
}

void *library_new_aligned(const char *form, size_t size, size_t align, const void *nothrow) {
    void *(*new)(size_t, size_t, const void *) =
        (void *(*)(size_t, size_t, const void *))library_symbol(form);
    return new != NULL ? new (size, align, nothrow) : NULL;
}
