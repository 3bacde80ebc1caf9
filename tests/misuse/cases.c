#include "cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void expect(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("libpool: ");
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
    va_end(arguments);
}

void expect_nothing(void) {
    printf("nothing\n");
    fflush(stdout);
}

int run_case(const struct misuse_case *cases, int argc, char **argv) {
    static char buffer[4096]; /* stdio must not allocate between a free and its misuse */
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (; argc == 2 && cases->name != NULL; cases++) {
        if (strcmp(argv[1], "--list") == 0)
            puts(cases->name);
        if (strcmp(argv[1], cases->name) == 0) {
            cases->run();
            return 0;
        }
    }
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return 0;
    fprintf(stderr, "usage: %s NAME | --list\n", argv[0]);
    return 2;
}
