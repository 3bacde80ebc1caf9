/* A heap that only grows, every byte of it written for the first time: the cost of first touches,
 * which decides many real programs. A round grows by 4 MiB; all is freed at the end. */
#include "families.h"
#include "gbench.h"

#include <stdlib.h>
#include <string.h>

enum { STEP = 4 << 20 };

struct node {
    struct node *next;
};

static size_t grow(struct node **list, size_t size) {
    size_t blocks = 0;
    for (size_t taken = 0; taken < STEP; taken += size) {
        struct node *node = malloc(size);
        memset(node, 1, size);
        node->next = *list;
        *list = node;
        blocks++;
    }
    return blocks;
}

static void touch_body(struct gbench *bench, size_t size) {
    struct node *list = NULL;
    size_t operations = 0;

    while (gbench_next(bench))
        operations = grow(&list, size);
    gbench_operations(bench, operations);
    while (list) {
        struct node *next = list->next;
        free(list);
        list = next;
    }
}

void touch_register(void) {
    gbench_register("touch-64", touch_body, 64, 40);
    gbench_register("touch-1040", touch_body, 1040, 50);
    gbench_register("touch-20000", touch_body, 20000, 50);
}
