/* The threaded workloads: threaded NAME [THREADS [SCALE]]. Says how many blocks it took. */
#include "crew.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    workload_run *run;
} workloads[] = {
    {"server", server_run},
    {"relay", relay_run},
    {"exchange", exchange_run},
    {"fan-out", fan_out_run},
    {"fan-in", fan_in_run},
    {"short-lived", short_lived_run},
    {"false-sharing", false_sharing_run},
    {"passive-sharing", passive_sharing_run},
    {"survivors", survivors_run},
    {"shared-table", shared_table_run},
};

static const size_t workload_count = sizeof workloads / sizeof *workloads;

int main(int argc, char **argv) {
    const struct crew crew = {
        .threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2,
        .scale = argc > 3 ? strtod(argv[3], NULL) : 1,
    };
    for (size_t i = 0; argc > 1 && crew.threads > 0 && i < workload_count; i++) {
        if (strcmp(argv[1], workloads[i].name) == 0) {
            printf("%" PRIu64 " blocks\n", workloads[i].run(&crew));
            return 0;
        }
    }
    fprintf(stderr, "threaded: NAME [THREADS [SCALE]], where NAME is one of\n");
    for (size_t i = 0; i < workload_count; i++)
        fprintf(stderr, "  %s\n", workloads[i].name);
    return 2;
}
