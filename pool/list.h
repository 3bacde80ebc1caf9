/* Lists of pool records, doubly linked: a heap's partial pools, oldest first; the large blocks. */
#ifndef POOL_LIST_H
#define POOL_LIST_H

#include "types.h"

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
