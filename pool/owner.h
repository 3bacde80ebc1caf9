/* The address map: any pointer -> the record of the pool it would lie in.
 *
 * One table of records, directly mapped by address bits 15 and up. The record of another address
 * may answer (addresses far apart share one), so a record is believed only after its `base` or
 * `key` agrees; no memory behind the pointer is touched. Before start-up the table is one record
 * that agrees with nothing.
 */
#ifndef POOL_OWNER_H
#define POOL_OWNER_H

#include "types.h"

struct address_map {
    struct pool *records;
    uint64_t mask; /* byte offsets into records: (count - 1) * sizeof(struct pool) */
};
extern struct address_map address_map __attribute__((visibility("hidden")));

static inline struct pool *owner_record(const void *p) {
    uint64_t offset = ((uintptr_t)p >> (POOL_SHIFT - 7)) & address_map.mask;
    return (struct pool *)((char *)address_map.records + offset);
}

/* The record of the pool that holds `p`, or NULL. For a run: of its first pool. */
struct pool *owner_pool(const void *p);

/* Reserves the table: enough for several times the machine's memory, less under a limit.
 * False when no memory is to be had. To be called under the arena lock. */
bool owner_start(void);
bool owner_started(void);
#define OWNER_OPEN_LEAST (ARENA_POOLS * sizeof(struct pool))
/* Makes sure that the record can be written to, and those of the same arena. False when no memory
 * is to be had, not even OWNER_OPEN_LEAST bytes. To be called under the arena lock. */
bool owner_open(const struct pool *record);
/* Bytes of the table that a run of `pools` records from `first` takes: given back to the OS. */
void owner_purge(struct pool *first);

#endif
