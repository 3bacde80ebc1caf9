#include "options.h"

#include <stdbool.h>
#include <string.h>

#include "line.h"

/* A piece of POOL_CONF: not terminated. */
struct piece {
    const char *text;
    size_t length;
};

static bool piece_is(struct piece piece, const char *text) {
    return strlen(text) == piece.length && memcmp(piece.text, text, piece.length) == 0;
}

static bool one_of(struct piece piece, const char *const *texts) {
    for (; *texts != NULL; texts++)
        if (piece_is(piece, *texts))
            return true;
    return false;
}

/* Reads the digits at the piece's start and leaves its unit. False without digits or when the
 * number is beyond what any option means. */
static bool take_number(struct piece *piece, uint64_t *number) {
    size_t digits = 0;
    *number = 0;
    while (digits < piece->length && piece->text[digits] >= '0' && piece->text[digits] <= '9')
        *number = *number * 10 + (uint64_t)(piece->text[digits++] - '0');
    piece->text += digits;
    piece->length -= digits;
    return digits > 0 && digits <= 15;
}

struct unit {
    const char *name;
    uint64_t worth;
};

static bool scale(struct piece name, const struct unit *units, uint64_t *number) {
    for (; units->name != NULL; units++)
        if (piece_is(name, units->name)) {
            *number *= units->worth;
            return true;
        }
    return false;
}

static bool read_yes_no(struct piece piece, uint64_t *value) {
    static const char *const yes[] = {"yes", "true", "on", "1", NULL};
    static const char *const no[] = {"no", "false", "off", "0", NULL};
    *value = one_of(piece, yes);
    return *value == 1 || one_of(piece, no);
}

static bool read_value(enum option_kind kind, struct piece piece, uint64_t *value) {
    static const struct unit bytes[] = {
        {"", 1},        {"K", 1 << 10}, {"k", 1 << 10}, {"M", 1 << 20},
        {"m", 1 << 20}, {"G", 1 << 30}, {"g", 1 << 30}, {NULL, 0},
    };
    static const struct unit times[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {NULL, 0}};
    static const struct unit shares[] = {{"", 1}, {"%", 1}, {NULL, 0}};

    if (kind == OPTION_YES_NO)
        return read_yes_no(piece, value);
    if (!take_number(&piece, value))
        return false;
    switch (kind) {
    case OPTION_BYTES:
        return *value <= (uint64_t)1 << 32 && scale(piece, bytes, value);
    case OPTION_PERCENT:
        return *value <= 1000 && scale(piece, shares, value);
    case OPTION_TIME:
        return *value <= 1000 * 1000 && scale(piece, times, value);
    case OPTION_PROCESS:
        return *value <= INT32_MAX && piece.length == 0;
    default:
        return false;
    }
}

static void complain_unknown(struct piece key) {
    struct line line = {0};
    line_text(&line, "libpool: POOL_CONF: no option is called '");
    line_bytes(&line, key.text, key.length);
    line_text(&line, "', it is ignored; there are");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        line_text(&line, i == 0 ? " " : ", ");
        line_text(&line, option_rows[i].key);
    }
    line_write(&line);
}

static void complain_value(const struct option_row *row, struct piece value) {
    struct line line = {0};
    line_text(&line, "libpool: POOL_CONF: ");
    line_text(&line, row->key);
    line_text(&line, ":");
    line_bytes(&line, value.text, value.length);
    line_text(&line, " is ignored; a value is ");
    line_text(&line, option_forms[row->kind]);
    line_write(&line);
}

static void set_option(struct options *options, struct piece key, struct piece value) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!piece_is(key, row->key))
            continue;
        uint64_t number;
        if (read_value(row->kind, value, &number))
            memcpy((char *)options + row->offset, &number, sizeof number);
        else
            complain_value(row, value);
        return;
    }
    complain_unknown(key);
}

void options_read(struct options *options, const char *text) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        set_option(options, (struct piece){option_rows[i].key, strlen(option_rows[i].key)},
                   (struct piece){option_rows[i].initial, strlen(option_rows[i].initial)});
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        struct piece key = {text, strcspn(text, ":,")};
        struct piece value = {text + key.length, 0};
        if (key.length < length) {
            value.text++;
            value.length = length - key.length - 1;
        }
        if (length > 0) /* a trailing comma is no mistake worth a message */
            set_option(options, key, value);
        text += length;
        text += *text == ',';
    }
}
