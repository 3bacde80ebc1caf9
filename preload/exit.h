#ifndef PRELOAD_EXIT_H
#define PRELOAD_EXIT_H

/* To be called once, before the program can call at_quick_exit. */
void exit_start(void);

#endif
