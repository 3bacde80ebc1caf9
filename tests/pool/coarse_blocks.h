/* Blocks of one coarse class: what the tests of its pools and of its spares both do. */
#ifndef TESTS_POOL_COARSE_BLOCKS_H
#define TESTS_POOL_COARSE_BLOCKS_H

#include "heap_slow.h"
#include "spare.h"
#include "support.h"

#define SIZE   4096
#define BLOCKS (POOL_BYTES / SIZE)
#define POOLS  100
#define COARSE (class_of(SIZE) - FINE_CLASSES)

static char *block[POOLS * BLOCKS];

static uint64_t spares(void) {
    return spare_count(self.heap, COARSE);
}

static uint32_t pools(void) {
    return self.heap->count[class_of(SIZE)].pools;
}

static void take(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        block[i] = heap_alloc(SIZE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block[i]);
        fill(block[i], SIZE, i);
    }
    heap_check(self.heap);
}

static void drop(uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        CU_ASSERT(filled(block[i], SIZE, i));
        heap_free(block[i]);
    }
    heap_check(self.heap);
}

/* Starts with no block of the class, and whole pools. */
static void start(void) {
    give_back_kept();
    CU_ASSERT_EQUAL_FATAL(pools(), 0);
}

#endif
