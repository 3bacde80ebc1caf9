#include "status.h"

#include <stdarg.h>
#include <stdio.h>

enum status reason_give(struct reason *reason, enum status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    return status;
}
