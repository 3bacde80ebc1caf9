/* Hash table of large blocks: address -> lengths. Open addressing, linear probing, deletion by
 * shifting back (D. Knuth, TAOCP 6.4, algorithm R). Callers hold the large lock. */
#ifndef POOL_LARGE_TABLE_H
#define POOL_LARGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct large_entry {
    char *at;      /* NULL: free slot */
    size_t mapped; /* bytes of the mapping */
    size_t asked;  /* bytes asked for */
};

/* False: no memory for the table. */
bool table_add(struct large_entry entry);
struct large_entry *table_find(const void *at);
void table_remove(struct large_entry *entry);
/* The block that p lies in, or NULL: looks at every entry. */
struct large_entry *table_holding(const void *p);

#endif
