/* The less frequent requests: cleared, resized, aligned blocks, and questions about a block. */
#include "big.h"
#include "block_list.h"
#include "free.h"
#include "heap_slow.h"
#include "pool.h"
#include "registry.h"

#include <errno.h>
#include <string.h>

#define ALIGN_MAX ((size_t)1 << 30)

void *pool_malloc(size_t size) {
    return heap_alloc(size);
}

void pool_free(void *block) {
    heap_free(block);
}

void *pool_calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return out_of_memory();
    if (bytes > SMALL_MAX)
        return big_alloc_slow(bytes, true);
    void *block = heap_alloc(bytes);
    return block != NULL ? memset(block, 0, bytes) : NULL;
}

static bool in_class_pool(const struct pool *pool) {
    return pool != NULL && pool_of_class(pool);
}

/* Bytes usable behind p, which must be a live block. */
static size_t usable(struct pool *pool, const void *p, const char *function) {
    if (in_class_pool(pool)) {
        free_check(pool, p, function);
        return pool->block_size;
    }
    return big_usable(pool, p, function);
}

/* (Some programs, Redis is one, ask at every malloc and free.) */
size_t pool_usable(const void *block) {
    const struct pool *pool = owner_record(block);
    if (LIKELY(free_owns(pool, block)))
        return pool->block_size;
    return block == NULL ? 0 : usable(owner_pool(block), block, "malloc_usable_size");
}

/* Moving to a smaller block is worth a copy if it gives back half. (More often, and blocks that
 * grow within a wide class would move at every step.) */
static bool fits(size_t have, size_t size) {
    return size <= have && (size >= have / 2 || have <= 64);
}

/* What grows once tends to grow again: a quarter more spares most of the copies that building a
 * string in small steps costs. */
static size_t grown(size_t have, size_t size) {
    size_t more = have + have / 4;
    bool both_small = more <= SMALL_MAX, both_runs = size > SMALL_MAX && more <= RUN_MAX;
    return size < more && (both_small || both_runs || size > RUN_MAX) ? more : size;
}

/* The block at `to` was made long enough to grow on: for now `size` bytes are asked for. */
static void *with_room(void *to, size_t size) {
    if (size > SMALL_MAX)
        big_resize(owner_pool(to), size);
    return to;
}

/* To another block: `have` bytes are usable in the old one. */
static NOINLINE void *move(void *block, size_t have, size_t size) {
    size_t more = size > have ? grown(have, size) : size;
    void *to = pool_malloc(more);
    if (to == NULL && more > size)
        to = pool_malloc(size);
    if (to == NULL)
        return size <= have ? block : NULL;
    memcpy(to, block, size < have ? size : have);
    heap_free(block);
    return with_room(to, size);
}

/* A block of a class pool. */
static inline void *resize_small(void *block, size_t have, size_t size) {
    return fits(have, size) ? block : move(block, have, size);
}

static NOINLINE void *resize_slow(void *block, size_t size) {
    struct pool *pool = owner_pool(block);
    size_t have = usable(pool, block, "realloc");
    if (in_class_pool(pool))
        return resize_small(block, have, size);
    void *same = big_resize(pool, size);
    return same != NULL ? same : move(block, have, size);
}

void *pool_realloc(void *block, size_t size) {
    /* Programs that know no other function (Lua) ask for most of their blocks so. */
    if (block == NULL)
        return heap_alloc(size);
    const struct pool *pool = owner_record(block);
    if (UNLIKELY(!free_owns(pool, block)))
        return resize_slow(block, size);
    return resize_small(block, pool->block_size, size);
}

static bool multiple(uint32_t size, size_t align) {
    return (size & (align - 1)) == 0;
}

/* The smallest class whose blocks all lie on multiples of `align`, whether its own pools serve it
 * or its group's; 0: none. */
static uint32_t aligned_class(size_t align, size_t rounded) {
    for (uint32_t c = class_of(rounded); c < class_count; c++)
        if (multiple(class_size(c), align) && multiple(class_size(group_end(c)), align))
            return c;
    return 0;
}

static NOINLINE void *aligned_slow(size_t align, size_t size) {
    if (align == 0 || (align & (align - 1)) != 0 || align > ALIGN_MAX) {
        errno = EINVAL;
        return NULL;
    }
    if (align <= MIN_ALIGN)
        return pool_malloc(size);
    if (size == 0)
        return pool_aligned(align, 1);
    size_t rounded = (size + align - 1) & ~(align - 1);
    uint32_t size_class = rounded - 1 < SMALL_MAX ? aligned_class(align, rounded) : 0;
    if (size_class != 0)
        return heap_alloc_class(size_class, align);
    void *block = big_aligned(align, size);
    return block != NULL ? block : out_of_memory();
}

void *pool_aligned(size_t align, size_t size) {
    if (size - 1 >= SMALL_MAX || align - 1 >= SMALL_MAX || (align & (align - 1)) != 0)
        return aligned_slow(align, size);
    size_t rounded = (size + align - 1) & ~(align - 1);
    /* Up to here groups end at multiples of whatever their classes are multiples of. */
    if (rounded <= FINE_MAX)
        return heap_alloc_class((uint32_t)(rounded + MIN_ALIGN - 1) / MIN_ALIGN, align);
    /* Of the coarse classes only powers of two are multiples of much. */
    if (align >= 512)
        return heap_alloc_class(class_of((size_t)1 << (64 - __builtin_clzll(rounded - 1))), align);
    return aligned_slow(align, size);
}
