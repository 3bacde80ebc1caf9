#ifndef POOL_FREE_H
#define POOL_FREE_H

#include "types.h"

/* The offset of live block `p` in its pool. What is no block, or free already, is misuse;
 * `function` is what the program called. */
uint32_t free_offset(const struct pool *pool, const void *p, const char *function);

#endif
