#ifndef POOL_FREE_H
#define POOL_FREE_H

#include "types.h"

/* Makes sure that p is a live block of its pool. What is no block, or free already, is misuse;
 * `function` is what the program called. */
void free_check(const struct pool *pool, const void *p, const char *function);

#endif
