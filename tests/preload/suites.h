/* The suites of functions.c. */
#ifndef PRELOAD_SUITES_H
#define PRELOAD_SUITES_H

#include <CUnit/CUnit.h>
#include <stddef.h>

/* A number that the compiler knows nothing of: it would warn of what the tests do with it. */
static inline size_t opaque(size_t number) {
    __asm__("" : "+r"(number));
    return number;
}

extern CU_TestInfo api_tests[], aligned_tests[], info_tests[];

#endif
