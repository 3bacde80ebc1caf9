/* The options of libpool: the one table that the parser, `poolstat options` and the manual page
 * are made from.
 *
 * POOL_CONF=key:value,key:value in the environment of the program that is started.
 */
#ifndef PRELOAD_OPTIONS_H
#define PRELOAD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* key, kind of value, initial value, help */
#define OPTIONS(X)                                                                                 \
    X(keep, BYTES, "512K",                                                                         \
      "Free memory that is kept from the system, however little "                                  \
      "the program holds.")                                                                        \
    X(keep_share, PERCENT, "3",                                                                    \
      "Free memory that is kept on top of that, as a share of "                                    \
      "what the program holds.")                                                                   \
    X(decay, TIME, "1s",                                                                           \
      "Half-life of what is kept beyond both because memory "                                      \
      "that was given back was soon wanted again.")                                                \
    X(huge, YES_NO, "yes", "Ask for huge pages while a heap is growing.")                          \
    X(stats, YES_NO, "yes", "Publish statistics in /dev/shm for poolstat.")                        \
    X(stats_after, TIME, "100ms", "Age from which a process publishes statistics.")                \
    X(stats_interval, TIME, "50ms", "Least time between two publications.")                        \
    X(stats_keep, PROCESS, "0",                                                                    \
      "The process that leaves its statistics in /dev/shm when "                                   \
      "it exits; 0 for none.")

enum option_kind { OPTION_BYTES, OPTION_PERCENT, OPTION_TIME, OPTION_YES_NO, OPTION_PROCESS };

/* Values: bytes, per cent, milliseconds, 0 or 1, a process id. */
struct options {
#define OPTION_FIELD(key, kind, initial, help) uint64_t key;
    OPTIONS(OPTION_FIELD)
#undef OPTION_FIELD
};

struct option_row {
    const char *key, *initial, *help;
    enum option_kind kind;
    size_t offset; /* of the value in struct options */
};

static const struct option_row option_rows[] = {
#define OPTION_ROW(key, kind, initial, help)                                                       \
    {#key, initial, help, OPTION_##kind, offsetof(struct options, key)},
    OPTIONS(OPTION_ROW)
#undef OPTION_ROW
};
#define OPTION_COUNT (sizeof option_rows / sizeof option_rows[0])

/* What a value of each kind looks like, in the order of the enum. */
static const char *const option_forms[] = {
    "bytes, such as 4096, 512K, 64M or 2G",
    "per cent, 0 to 1000",
    "a time, such as 250ms or 2s",
    "yes or no",
    "a process id",
};

/* Fills in the initial values, then what `text` says (the value of POOL_CONF; NULL for nothing).
 * What it cannot use is named on stderr and passed over. Does not allocate. */
void options_read(struct options *options, const char *text);

#endif
