#include "account.h"

#include <string.h>

static void add(struct account *account, enum account_kind kind, int64_t bytes, const char *key,
                const char *label, const char *note) {
    account->line[account->count++] = (struct account_line){
        .key = key, .label = label, .note = note, .kind = kind, .bytes = bytes};
}

static int64_t sum_of(const struct account *account) {
    int64_t sum = 0;
    for (int i = 0; i < account->count; i++)
        if (account->line[i].kind == ACCOUNT_ITEM)
            sum = (int64_t)((uint64_t)sum + (uint64_t)account->line[i].bytes);
    return sum;
}

static void add_counted(struct account *account, const struct rows_total *total) {
    add(account, ACCOUNT_ITEM, (int64_t)total->live_bytes, "live", "live",
        "blocks the program holds");
    add(account, ACCOUNT_ITEM, (int64_t)total->rounding_bytes, "rounding", "rounding",
        "tails of pools, runs and large blocks beyond what was asked for");
    add(account, ACCOUNT_ITEM, (int64_t)total->free_bytes, "free_in_pools", "free in pools",
        "free blocks in pools that are in use");
    add(account, ACCOUNT_ITEM, (int64_t)total->uncarved_bytes, "uncarved", "uncarved",
        "never handed out, in pools that are in use; mostly untouched");
    add(account, ACCOUNT_ITEM, (int64_t)total->cached_bytes, "cached", "cached",
        "free pools and mappings kept for the next allocation");
    add(account, ACCOUNT_ITEM, (int64_t)total->metadata_bytes, "metadata", "metadata",
        "the allocator's own records");
}

/* Between what the allocator counts and what the kernel has in memory. A huge page comes as a
 * whole: with one pool in use all of it is there, also the pools that nobody was given yet. */
static void add_difference(struct account *account, int64_t more) {
    add(account, ACCOUNT_ITEM, more < 0 ? more : 0, "not_in_memory", "not in memory",
        "part of the above that was never touched, or is swapped out");
    if (more > 0)
        add(account, ACCOUNT_ITEM, more, "huge_pages", "huge pages",
            "the rest of huge pages that are in use only in part");
}

void account_make(struct account *account, const struct snapshot *snapshot,
                  const struct residency *residency) {
    memset(account, 0, sizeof *account);
    add_counted(account, &snapshot->total);
    int64_t counted = sum_of(account);
    int64_t resident = (int64_t)residency->resident;
    if (residency->resident == 0) {
        add(account, ACCOUNT_SUM, counted, "held", "held", "by the allocator, touched or not");
        return;
    }
    if (!residency->measured) {
        add(account, ACCOUNT_ITEM, resident - counted, "other", "other",
            "what is not heap, less what of the above is not in memory");
        add(account, ACCOUNT_SUM, resident, "rss", "RSS", "as the kernel counts it");
        return;
    }
    add_difference(account, (int64_t)residency->heap - counted);
    add(account, ACCOUNT_SUM, (int64_t)residency->heap, "heap", "heap",
        "in memory, as the kernel counts it");
    add(account, ACCOUNT_ITEM, resident - (int64_t)residency->heap, "not_heap", "not heap",
        "program, libraries, stacks, other mappings");
    add(account, ACCOUNT_SUM, resident, "rss", "RSS", "as the kernel counts it");
}
