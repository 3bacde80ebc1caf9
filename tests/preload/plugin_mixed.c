/* A plugin that exchanges blocks with its program and with libc. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *plugin_text(void);
void plugin_free(void *block);
int plugin_uses_libc(void);

char *plugin_text(void) {
    char *text = malloc(100);
    return text != NULL ? strcpy(text, "from the plugin") : NULL;
}

void plugin_free(void *block) {
    free(block);
}

/* Blocks that libc allocates and the plugin frees. */
int plugin_uses_libc(void) {
    char *text = strdup("from libc"), *printed = NULL, *line = NULL;
    size_t size = 0;
    if (asprintf(&printed, "%s", text) < 0)
        return 0;
    FILE *file = fopen("/proc/self/status", "r");
    int read = file != NULL && getline(&line, &size, file) > 0;
    if (file != NULL)
        fclose(file);
    free(text);
    free(printed);
    free(line);
    return read;
}
