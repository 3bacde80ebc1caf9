/* A line of text for stderr, put together without allocation, stdio or locale: usable in the
 * middle of malloc and in a signal handler. What does not fit is cut off. */
#ifndef PRELOAD_LINE_H
#define PRELOAD_LINE_H

#include <stddef.h>
#include <stdint.h>

struct line {
    size_t length;
    char text[512];
};

/* Each appends to the line. Not thread-safe on one line; async-signal-safe. */
void line_text(struct line *line, const char *text);
void line_bytes(struct line *line, const char *text, size_t length);
void line_number(struct line *line, uint64_t number);
void line_address(struct line *line, const void *address); /* 0x and hexadecimal digits */
/* Ends the line and writes it to stderr in one write(2). Leaves errno alone. */
void line_write(struct line *line);

#endif
