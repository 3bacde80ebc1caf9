/* The suites of functions.c. */
#ifndef PRELOAD_SUITES_H
#define PRELOAD_SUITES_H

#include <CUnit/CUnit.h>

extern CU_TestInfo api_tests[], aligned_tests[], info_tests[];

#endif
