/* Lists, doubly linked. */
#ifndef POOL_LIST_H
#define POOL_LIST_H

#include "types.h"

/* Of anything with two such fields, known by its first: arenas, extents, regions. */
#define CHAIN_ADD(head, item, up, down)                                                            \
    do {                                                                                           \
        (item)->down = NULL;                                                                       \
        (item)->up = (head);                                                                       \
        if ((head) != NULL)                                                                        \
            (head)->down = (item);                                                                 \
        (head) = (item);                                                                           \
    } while (0)

#define CHAIN_REMOVE(head, item, up, down)                                                         \
    do {                                                                                           \
        if ((item)->up != NULL)                                                                    \
            (item)->up->down = (item)->down;                                                       \
        if ((item)->down != NULL)                                                                  \
            (item)->down->up = (item)->up;                                                         \
        else                                                                                       \
            (head) = (item)->up;                                                                   \
    } while (0)

/* Of pool records, with a last one: a heap's partial pools, oldest first; the large blocks. */
static inline void list_append(struct pool_list *list, struct pool *pool) {
    pool->next = NULL;
    pool->prev = list->last;
    if (list->last != NULL)
        list->last->next = pool;
    else
        list->first = pool;
    list->last = pool;
}

static inline void list_prepend(struct pool_list *list, struct pool *pool) {
    pool->prev = NULL;
    pool->next = list->first;
    if (list->first != NULL)
        list->first->prev = pool;
    else
        list->last = pool;
    list->first = pool;
}

static inline void list_remove(struct pool_list *list, struct pool *pool) {
    if (pool->next != NULL)
        pool->next->prev = pool->prev;
    else
        list->last = pool->prev;
    if (pool->prev != NULL)
        pool->prev->next = pool->next;
    else
        list->first = pool->next;
}

#endif
