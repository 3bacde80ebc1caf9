/* The calling thread. */
#ifndef POOL_SELF_H
#define POOL_SELF_H

#include "instructions.h"
#include "types.h"

extern HIDDEN _Thread_local struct thread self __attribute__((tls_model("initial-exec")));

#endif
