/* The remaining forms of operator new and delete, each defined by another one as the C++ standard
 * defines them ([new.delete]). They reach it through the dynamic linker: a program that replaces
 * only operator delete(void *), say, gets its sized deletes too.
 */
#include "new.h"

/* A form: its C name, arguments, and mangled name. Exported. */
#define FORM(type, name, arguments, symbol)                                                        \
    EXPORT type name arguments __asm__(symbol);                                                    \
    type name arguments

#define UNUSED __attribute__((unused))

FORM(void *, new_array, (size_t size), "_Znam") {
    return new_plain(size);
}

FORM(void *, new_array_aligned, (size_t size, size_t align), "_ZnamSt11align_val_t") {
    return new_aligned(size, align);
}

/* Ours, whatever the program replaced. */
extern ALIAS_OF_SYMBOL("_Znam") HIDDEN void *new_array_ours(size_t size);
extern ALIAS_OF_SYMBOL("_ZnamSt11align_val_t") HIDDEN
    void *new_array_aligned_ours(size_t size, size_t align);

FORM(void *, new_array_nothrow, (size_t size, const void *nothrow), "_ZnamRKSt9nothrow_t") {
    if (new_array == new_array_ours)
        return new_nothrow(size, nothrow);
    return library_new("_ZnamRKSt9nothrow_t", size, nothrow);
}

FORM(void *, new_array_aligned_nothrow, (size_t size, size_t align, const void *nothrow),
     "_ZnamSt11align_val_tRKSt9nothrow_t") {
    if (new_array_aligned == new_array_aligned_ours)
        return new_aligned_nothrow(size, align, nothrow);
    return library_new_aligned("_ZnamSt11align_val_tRKSt9nothrow_t", size, align, nothrow);
}

FORM(void, delete_array, (void *block), "_ZdaPv") {
    delete_plain(block);
}

FORM(void, delete_array_aligned, (void *block, size_t align), "_ZdaPvSt11align_val_t") {
    delete_aligned(block, align);
}

FORM(void, delete_sized, (void *block, size_t size UNUSED), "_ZdlPvm") {
    delete_plain(block);
}

FORM(void, delete_array_sized, (void *block, size_t size UNUSED), "_ZdaPvm") {
    delete_array(block);
}

FORM(void, delete_sized_aligned, (void *block, size_t size UNUSED, size_t align),
     "_ZdlPvmSt11align_val_t") {
    delete_aligned(block, align);
}

FORM(void, delete_array_sized_aligned, (void *block, size_t size UNUSED, size_t align),
     "_ZdaPvmSt11align_val_t") {
    delete_array_aligned(block, align);
}

FORM(void, delete_nothrow, (void *block, const void *nothrow UNUSED), "_ZdlPvRKSt9nothrow_t") {
    delete_plain(block);
}

FORM(void, delete_array_nothrow, (void *block, const void *nothrow UNUSED),
     "_ZdaPvRKSt9nothrow_t") {
    delete_array(block);
}

FORM(void, delete_aligned_nothrow, (void *block, size_t align, const void *nothrow UNUSED),
     "_ZdlPvSt11align_val_tRKSt9nothrow_t") {
    delete_aligned(block, align);
}

FORM(void, delete_array_aligned_nothrow, (void *block, size_t align, const void *nothrow UNUSED),
     "_ZdaPvSt11align_val_tRKSt9nothrow_t") {
    delete_array_aligned(block, align);
}
