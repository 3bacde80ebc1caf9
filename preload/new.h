/* The C++ allocation functions as C sees them, under the names of the Itanium C++ ABI. */
#ifndef PRELOAD_NEW_H
#define PRELOAD_NEW_H

#include <stddef.h>

#include "export.h"

/* The forms that others are defined by. A program may replace any of them, so that the address
 * of new_plain need not be that of ours. An alignment is a std::align_val_t, nothrow a reference
 * to a std::nothrow_t. */
EXPORT void *new_plain(size_t size) __asm__("_Znwm");
EXPORT void *new_aligned(size_t size, size_t align) __asm__("_ZnwmSt11align_val_t");
EXPORT void *new_nothrow(size_t size, const void *nothrow) __asm__("_ZnwmRKSt9nothrow_t");
EXPORT void *new_aligned_nothrow(size_t size, size_t align,
                                 const void *nothrow) __asm__("_ZnwmSt11align_val_tRKSt9nothrow_t");
EXPORT void delete_plain(void *block) __asm__("_ZdlPv");
EXPORT void delete_aligned(void *block, size_t align) __asm__("_ZdlPvSt11align_val_t");

/* No memory: calls the new handler and tries again until there is some, or none is set: then
 * throws std::bad_alloc. `align` 0: none asked for. What a handler throws passes through. */
void *new_failed(size_t align, size_t size);

/* Has the C++ library serve a nothrow form: it calls the program's operator new, and catches. NULL
 * without such a library. `form` is the mangled name; the second has an alignment. */
void *library_new(const char *form, size_t size, const void *nothrow);
void *library_new_aligned(const char *form, size_t size, size_t align, const void *nothrow);

/* Is a new handler set? Then a nothrow form that finds no memory must call it. */
int new_handler_set(void);

#endif
