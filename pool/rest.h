/* Pools that became empty rest in their heap for a while before they go back to their arena: most
 * are used again soon. Called by the heap's owner. */
#ifndef POOL_REST_H
#define POOL_REST_H

#include "heap.h"

/* So many bytes may rest with however many heaps, and while new memory is taken: pools that go
 * round quickly. */
#define REST_LEAST ((uint32_t)32 << 10)
/* And beyond any heap's share, learnt. */
#define REST_EXTRA ((uint32_t)(REST_MAX * POOL_BYTES / 4 * 3))

/* The pool, current or partial, has no used block: it rests from now on. */
void rest_begin(struct heap *heap, struct pool *pool);
/* The oldest that is still empty, for another class, if much rests: it would go back soon. (With
 * little resting, classes that are used in turn would take it from each other.) NULL: none. */
struct pool *rest_take(struct heap *heap);
/* It is full again: its rest, if any, is over. */
void rest_cancel(struct heap *heap, struct pool *pool);
/* Now and then: after less may rest than did, the oldest go. */
void rest_fit(struct heap *heap);
/* A torn heap: nothing rests. */
void rest_reset(struct heap *heap);
/* Ends the oldest rests until at most `keep` bytes rest. What is still empty goes back: so many
 * bytes. */
uint32_t rest_limit(struct heap *heap, uint32_t keep);

#endif
