/* Figures for people: aligned tables, units, bars, colour where the terminal wants it. */
#ifndef POOLSTAT_TEXT_H
#define POOLSTAT_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_MAX          64
#define TABLE_COLUMNS_MAX 16

/* "612.3 MiB", "-3.0 KiB", "17 B". */
const char *text_bytes(char out[TEXT_MAX], int64_t bytes);
/* "12 345 678". */
const char *text_count(char out[TEXT_MAX], uint64_t count);
/* "40 ms", "3.2 s", "5 min 10 s", "3 h 12 min". */
const char *text_time(char out[TEXT_MAX], uint64_t ns);
/* "97 %"; "-" where there is no whole. */
const char *text_share(char out[TEXT_MAX], uint64_t part, uint64_t whole);
/* Ten places wide. */
const char *text_bar(char out[TEXT_MAX], uint64_t part, uint64_t whole);

/* Rows of text; numbers to the right, words to the left. */
struct table {
    int columns, rows, room;
    bool left[TABLE_COLUMNS_MAX];
    char **cells; /* NULL after memory ran short: prints nothing */
};

/* `heads`: NULL-terminated; one that begins with '<' is aligned to the left. */
void table_start(struct table *table, const char *const *heads);
/* As many strings as there are columns. */
void table_row(struct table *table, ...);
/* Prints and releases it. The heads are bold if `colour`. */
void table_end(struct table *table, FILE *file, bool colour);

/* A terminal, and NO_COLOR is not set. */
bool text_colour(FILE *file);
#define COLOUR_BOLD "\033[1m"
#define COLOUR_DIM  "\033[2m"
#define COLOUR_OFF  "\033[0m"

#endif
