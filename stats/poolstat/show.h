/* What poolstat prints of one process, for people and for machines. */
#ifndef POOLSTAT_SHOW_H
#define POOLSTAT_SHOW_H

#include <json-c/json.h>
#include <stdio.h>

#include "account.h"
#include "target.h"

/* Which parts follow the summary. */
enum show_part {
    SHOW_ARENAS = 1,
    SHOW_CLASSES = 2,
    SHOW_HEAPS = 4,
    SHOW_EVENTS = 8,
    SHOW_ALL = 15,
};

void show_text(FILE *file, const struct target *target, const struct residency *residency,
               unsigned parts);

/* The caller puts it (json_object_put). Sizes in bytes, times in seconds. */
struct json_object *show_json(const struct target *target, const struct residency *residency,
                              unsigned parts);

/* Nanoseconds from when the figures were true until now. */
uint64_t show_age(const struct snapshot *snapshot);

#endif
