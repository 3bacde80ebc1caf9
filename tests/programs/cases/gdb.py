"""gdb: symbols, breakpoints, threads and its own Python, on a program that it starts."""

PROGRAMS = ["gdb"]
WITNESSES = ["gdb", "work"]

SOURCE = r'''
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { int value; struct node *next; char name[24]; };
static struct node *push(struct node *list, int value)
{
    struct node *node = calloc(1, sizeof *node);
    node->value = value;
    node->next = list;
    snprintf(node->name, sizeof node->name, "node %d", value);
    return node;
}
static void *work(void *unused)
{
    (void)unused;
    struct node *list = NULL;
    for (int i = 0; i < 5; i++)
        list = push(list, i * i);
    return list;
}
int main(void)
{
    pthread_t thread;
    void *list;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, &list);
    printf("%s\n", ((struct node *)list)->name);
    return 7;
}
'''

COMMANDS = r'''
set confirm off
set pagination off
set print address off
set print thread-events off
set debuginfod enabled off
break push if value == 9
run
backtrace 2
info locals
finish
print *$
print *$->next
python print(sum(len(str(s)) for s in [gdb.lookup_type("struct node")] * 1000))
python print([f.name for f in gdb.lookup_type("struct node").fields()])
info line main
disassemble /s work
info types node
continue
'''


def steady(text):
    """Thread ids and addresses differ by run; the lines around them do not."""
    import re
    text = re.sub(r"0x[0-9a-f]+", "0xADDRESS", text)
    return re.sub(r"\(LWP \d+\)|process \d+|Inferior 1 \(process \d+\)", "ID", text)


def run(space):
    space.write("work.c", SOURCE)
    space.run("gcc", "-g", "-O0", "-pthread", "work.c", "-o", "work", preload=False)
    space.run("gdb", "-nx", "-batch", "-x", space.write("commands", COMMANDS), "./work",
              edit=steady)
    space.run("gdb", "-nx", "-batch", "-ex", "info functions push", "-ex", "ptype struct node",
              "./work")
