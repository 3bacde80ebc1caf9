#include "line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void line_bytes(struct line *line, const char *text, size_t length) {
    size_t room = sizeof line->text - 1 - line->length; /* one is the newline's */
    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

void line_text(struct line *line, const char *text) {
    line_bytes(line, text, strlen(text));
}

static void line_digits(struct line *line, uint64_t number, unsigned base) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    line_bytes(line, digits + at, sizeof digits - at);
}

void line_number(struct line *line, uint64_t number) {
    line_digits(line, number, 10);
}

void line_address(struct line *line, const void *address) {
    line_text(line, "0x");
    line_digits(line, (uintptr_t)address, 16);
}

void line_write(struct line *line) {
    int saved = errno;
    line->text[line->length++] = '\n';
    const char *at = line->text;
    while (line->length > 0) {
        ssize_t written = write(STDERR_FILENO, at, line->length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break; /* there is nobody to tell */
        at += written;
        line->length -= (size_t)written;
    }
    line->length = 0;
    errno = saved;
}
