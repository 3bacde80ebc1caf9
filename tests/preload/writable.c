/* How much of a small program's address space can be written to: that is what a system with
 * vm.overcommit_memory=2 counts for it, and for each of its children, and what mlockall() makes
 * resident. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST ((size_t)16 << 20)

static size_t writable(void) {
    char line[512];
    size_t total = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL) {
        perror("/proc/self/maps");
        exit(2);
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char access[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && strcmp(access, "rw-p") == 0)
            total += to - from;
    }
    fclose(maps);
    return total;
}

int main(void) {
    size_t sizes[] = {24, 3000, 60000, (size_t)1 << 20};
    void *blocks[4];
    for (int i = 0; i < 4; i++)
        blocks[i] = malloc(sizes[i]);
    size_t total = writable();
    for (int i = 0; i < 4; i++)
        free(blocks[i]);
    printf("%zu KiB can be written to\n", total >> 10);
    return total <= MOST ? 0 : 1;
}
