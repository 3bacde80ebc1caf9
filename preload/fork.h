/* fork: the child gets an allocator that works, whatever the parent's threads were doing. */
#ifndef PRELOAD_FORK_H
#define PRELOAD_FORK_H

/* Called once and before any other library registers handlers: so our prepare runs after all
 * others (which may allocate) and our parent and child handlers before them. */
void fork_start(void);

#endif
