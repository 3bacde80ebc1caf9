/* Where the program is wrong: tells the hook, and stops if that returns. */
#ifndef POOL_MISUSE_H
#define POOL_MISUSE_H

#include "pool.h"

_Noreturn void misuse(enum pool_misuse what, const void *p, const char *function);

#endif
