/* poolstat's commands. Each prints what it has to say and returns the exit status. */
#ifndef POOLSTAT_COMMANDS_H
#define POOLSTAT_COMMANDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "show.h"
#include "status.h"
#include "target.h"

struct settings {
    enum view view;
    unsigned parts; /* enum show_part, joined */
    bool json;
    double watch;        /* seconds between two outputs; 0: once */
    double wait;         /* seconds to wait for an answer to a request */
    const char *library; /* libpool.so to run programs under; NULL: the one that belongs to us */
};

int command_list(const struct settings *settings);
int command_show(const struct settings *settings, pid_t pid);
int command_request(const struct settings *settings, pid_t pid, enum page_request what);
int command_run(const struct settings *settings, char **program);
int command_options(const struct settings *settings);
int command_clear(const struct settings *settings);

/* "poolstat: reason" on stderr; returns the status. */
int complain(enum status status, const struct reason *reason);

/* Prints one JSON object to `file`, ends the line, releases it. */
void print_json(FILE *file, struct json_object *object, bool compact);

#endif
