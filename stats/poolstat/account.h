/* Where the memory of a process is: items that add up to its RSS. */
#ifndef POOLSTAT_ACCOUNT_H
#define POOLSTAT_ACCOUNT_H

#include "residency.h"
#include "snapshot.h"

enum account_kind {
    ACCOUNT_ITEM, /* adds to the sum that follows */
    ACCOUNT_SUM,  /* of all items so far */
};

struct account_line {
    const char *key, *label, *note;
    enum account_kind kind;
    int64_t bytes;
};

#define ACCOUNT_LINES_MAX 12

struct account {
    struct account_line line[ACCOUNT_LINES_MAX];
    int count;
};

/* With an RSS the last line is that RSS, and the items before it sum to it exactly. Without one
 * (resident == 0) the last line is what the allocator holds. */
void account_make(struct account *account, const struct snapshot *snapshot,
                  const struct residency *residency);

#endif
