/* option-list PAGE.in PAGE: copies a manual page; its line "@OPTIONS@" becomes the list of options
 * from the table in options.h. Run by the build. Exit status 1 with a message when that fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static void print_options(FILE *page) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        fprintf(page, ".TP\n.BI %s: VALUE\n%s\nThe value is %s; without the option, %s.\n",
                row->key, row->help, option_forms[row->kind], row->initial);
    }
}

static FILE *open_or_exit(const char *name, const char *mode) {
    FILE *file = fopen(name, mode);
    if (file == NULL) {
        perror(name);
        exit(1);
    }
    return file;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: option-list PAGE.in PAGE\n");
        return 1;
    }
    FILE *source = open_or_exit(argv[1], "r"), *page = open_or_exit(argv[2], "w");
    char line[4096];
    while (fgets(line, sizeof line, source) != NULL) {
        if (strcmp(line, "@OPTIONS@\n") == 0)
            print_options(page);
        else
            fputs(line, page);
    }
    if (ferror(source) || ferror(page) || fclose(page) != 0) {
        perror(argv[2]);
        return 1;
    }
    fclose(source);
    return 0;
}
