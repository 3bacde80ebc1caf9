/* operator new and operator delete, under their mangled names, so that libpool.so needs no C++
 * library. Here those that allocate or free; the forms that lead to them are in new_forms.c.
 */
#include "new.h"

#include <assert.h>

#include "heap.h"
#include "pool.h"

static_assert(sizeof(size_t) == sizeof(unsigned long), "size_t is mangled as m");

/* Ours, whatever the program replaced. */
extern ALIAS_OF_SYMBOL("_Znwm") HIDDEN void *new_plain_ours(size_t size);
extern ALIAS_OF_SYMBOL("_ZnwmSt11align_val_t") HIDDEN
    void *new_aligned_ours(size_t size, size_t align);

static void *new_slow(size_t size) {
    void *block = heap_alloc_slow(size);
    return LIKELY(block != NULL) ? block : new_failed(0, size);
}

void *new_plain(size_t size) {
    void *block = heap_alloc_fast(size);
    return LIKELY(block != NULL) ? block : new_slow(size);
}

void *new_aligned(size_t size, size_t align) {
    void *block = pool_aligned(align, size);
    return LIKELY(block != NULL) ? block : new_failed(align, size);
}

static void *nothrow_failed(size_t size, const void *nothrow) {
    if (new_plain == new_plain_ours && !new_handler_set())
        return NULL;
    return library_new("_ZnwmRKSt9nothrow_t", size, nothrow);
}

static void *aligned_nothrow_failed(size_t size, size_t align, const void *nothrow) {
    if (new_aligned == new_aligned_ours && !new_handler_set())
        return NULL;
    return library_new_aligned("_ZnwmSt11align_val_tRKSt9nothrow_t", size, align, nothrow);
}

/* A program that brings its own operator new may allocate as it likes: the nothrow form then
 * has to ask it and not our heap. */
void *new_nothrow(size_t size, const void *nothrow) {
    void *block = LIKELY(new_plain == new_plain_ours) ? heap_alloc(size) : NULL;
    return LIKELY(block != NULL) ? block : nothrow_failed(size, nothrow);
}

void *new_aligned_nothrow(size_t size, size_t align, const void *nothrow) {
    void *block = LIKELY(new_aligned == new_aligned_ours) ? pool_aligned(align, size) : NULL;
    return LIKELY(block != NULL) ? block : aligned_nothrow_failed(size, align, nothrow);
}

void delete_plain(void *block) {
    heap_free(block);
}

void delete_aligned(void *block, size_t align) {
    (void)align;
    heap_free(block);
}
