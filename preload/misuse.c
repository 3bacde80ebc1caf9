#include "misuse.h"

#include <stdlib.h>

#include "line.h"

static void say_block(struct line *line, struct pool_place place) {
    line_text(line, "block");
    if (place.bytes == 0)
        return;
    line_text(line, " of ");
    line_number(line, place.bytes);
    line_text(line, " bytes");
}

static void say_inside(struct line *line, const void *p, struct pool_place place) {
    if (place.start == NULL) {
        line_text(line, "it points inside a block, not at its start");
        return;
    }
    size_t offset = (size_t)((const char *)p - (const char *)place.start);
    line_text(line, "it points ");
    line_number(line, offset);
    line_text(line, offset == 1 ? " byte into the " : " bytes into the ");
    say_block(line, place);
    line_text(line, " at ");
    line_address(line, place.start);
}

static void say_cause(struct line *line, enum pool_misuse what, const void *p) {
    switch (what) {
    case MISUSE_DOUBLE_FREE:
        line_text(line, "double free: the ");
        say_block(line, pool_place(p));
        line_text(line, " is already free");
        break;
    case MISUSE_INVALID_FREE:
        line_text(line, "invalid pointer: no block is there, or not any more");
        break;
    case MISUSE_INTERIOR_FREE:
        line_text(line, "interior pointer: ");
        say_inside(line, p, pool_place(p));
        break;
    case MISUSE_UNALIGNED_FREE:
        line_text(line, "unaligned pointer: ");
        say_inside(line, p, pool_place(p));
        break;
    case MISUSE_CORRUPT_LINK:
        line_text(line, "use after free: a free block was written to");
        break;
    }
}

void report_misuse(enum pool_misuse what, const void *p, const char *function) {
    struct line line = {0};
    line_text(&line, "libpool: ");
    line_text(&line, function);
    line_text(&line, "(");
    line_address(&line, p);
    line_text(&line, "): ");
    say_cause(&line, what, p);
    line_write(&line);
    line_text(&line, "libpool: stopping here; a debugger shows the caller: "
                     "gdb -ex run -ex bt --args PROGRAM ARGUMENTS");
    line_write(&line);
    abort();
}
