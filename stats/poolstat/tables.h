/* The tables of --arenas, --classes, --heaps and --events. */
#ifndef POOLSTAT_TABLES_H
#define POOLSTAT_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include "snapshot.h"

/* `parts`: enum show_part, joined. */
void tables_print(FILE *file, const struct snapshot *snapshot, unsigned parts, bool colour);

const char *heap_state_name(uint32_t state);

#endif
