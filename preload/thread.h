/* A thread's heap is handed over when the thread ends. */
#ifndef PRELOAD_THREAD_H
#define PRELOAD_THREAD_H

/* Called once, early, by one thread: its key must be among the first 32, for which
 * pthread_setspecific needs no memory. */
void thread_start(void);

#endif
