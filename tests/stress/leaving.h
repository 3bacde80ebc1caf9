/* What leaving.c needs from C++: objects that live as long as their thread. */
#ifndef STRESS_LEAVING_H
#define STRESS_LEAVING_H

#include "support.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the calling thread's objects; their destructors run when it ends, and allocate again. */
void *make_thread_objects(void *unused);

/* How many threads' objects have been destroyed. Any thread. */
unsigned thread_objects_destroyed(void);

#ifdef __cplusplus
}
#endif
#endif
