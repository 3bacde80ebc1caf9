/* What happens when a program misuses memory: one line on stderr that names the call, the pointer
 * and the cause, one that says how to find the place, then abort(). */
#ifndef PRELOAD_MISUSE_H
#define PRELOAD_MISUSE_H

#include "pool.h"

/* The misuse hook of the allocator. Async-signal-safe; takes no lock; never returns. */
_Noreturn void report_misuse(enum pool_misuse what, const void *p, const char *function);

#endif
