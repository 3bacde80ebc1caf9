/* The host's functions, set once; NULL until then. */
#ifndef POOL_HOOKS_H
#define POOL_HOOKS_H

#include "pool.h"

extern struct pool_hooks hooks __attribute__((visibility("hidden")));

#endif
