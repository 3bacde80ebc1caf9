#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *text_bytes(char out[TEXT_MAX], int64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    int unit = 0;
    while ((value >= 1023.95 || value <= -1023.95) && unit < 6) {
        value /= 1024;
        unit++;
    }
    snprintf(out, TEXT_MAX, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

const char *text_count(char out[TEXT_MAX], uint64_t count) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lu", count), to = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[to++] = ' ';
        out[to++] = digits[i];
    }
    out[to] = 0;
    return out;
}

const char *text_time(char out[TEXT_MAX], uint64_t ns) {
    uint64_t ms = ns / 1000000, s = ms / 1000;
    if (ms < 1000)
        snprintf(out, TEXT_MAX, "%lu ms", ms);
    else if (s < 60)
        snprintf(out, TEXT_MAX, "%lu.%lu s", s, ms % 1000 / 100);
    else if (s < 3600)
        snprintf(out, TEXT_MAX, "%lu min %lu s", s / 60, s % 60);
    else
        snprintf(out, TEXT_MAX, "%lu h %lu min", s / 3600, s / 60 % 60);
    return out;
}

const char *text_share(char out[TEXT_MAX], uint64_t part, uint64_t whole) {
    if (whole == 0)
        return strcpy(out, "-");
    snprintf(out, TEXT_MAX, "%.0f %%", 100.0 * (double)part / (double)whole);
    return out;
}

const char *text_bar(char out[TEXT_MAX], uint64_t part, uint64_t whole) {
    int full = whole ? (int)(10.0 * (double)part / (double)whole + 0.5) : 0;
    if (full > 10 || full < 0)
        full = 10;
    memset(out, '#', 10);
    memset(out + full, '.', (size_t)(10 - full));
    out[10] = 0;
    return out;
}

static bool room_for_row(struct table *table) {
    int wanted = (table->rows + 1) * table->columns;
    if (wanted <= table->room)
        return true;
    int room = wanted * 2;
    char **larger = realloc(table->cells, (size_t)room * sizeof *larger);
    if (!larger)
        return false;
    table->cells = larger;
    table->room = room;
    return true;
}

void table_start(struct table *table, const char *const *heads) {
    memset(table, 0, sizeof *table);
    while (heads[table->columns] && table->columns < TABLE_COLUMNS_MAX)
        table->columns++;
    if (!room_for_row(table))
        return;
    for (int i = 0; i < table->columns; i++) {
        table->left[i] = heads[i][0] == '<';
        table->cells[i] = strdup(heads[i] + table->left[i]);
    }
    table->rows = 1;
}

void table_row(struct table *table, ...) {
    if (!room_for_row(table))
        return;
    va_list cells;
    va_start(cells, table);
    for (int i = 0; i < table->columns; i++)
        table->cells[table->rows * table->columns + i] = strdup(va_arg(cells, const char *));
    va_end(cells);
    table->rows++;
}

static int width_of(const struct table *table, int column) {
    int width = 0;
    for (int row = 0; row < table->rows; row++) {
        const char *cell = table->cells[row * table->columns + column];
        int n = cell ? (int)strlen(cell) : 0;
        width = n > width ? n : width;
    }
    return width;
}

static void print_row(const struct table *table, int row, const int *width, FILE *file) {
    for (int i = 0; i < table->columns; i++) {
        const char *cell = table->cells[row * table->columns + i];
        int padding = table->left[i] ? -width[i] : width[i];
        bool last = i + 1 == table->columns;
        fprintf(file, "%s%*s", i ? "  " : "", last && table->left[i] ? 0 : padding,
                cell ? cell : "");
    }
}

void table_end(struct table *table, FILE *file, bool colour) {
    int width[TABLE_COLUMNS_MAX];
    for (int i = 0; i < table->columns; i++)
        width[i] = width_of(table, i);
    for (int row = 0; row < table->rows; row++) {
        fputs(row == 0 && colour ? COLOUR_BOLD : "", file);
        print_row(table, row, width, file);
        fputs(row == 0 && colour ? COLOUR_OFF : "", file);
        fputc('\n', file);
    }
    for (int i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
}

bool text_colour(FILE *file) {
    const char *no = getenv("NO_COLOR");
    return isatty(fileno(file)) && (!no || !*no);
}
