/* What happens when libpool.so is loaded and when the program ends. */
#include <string.h>
#include <sys/auxv.h>

#include "exit.h"
#include "fork.h"
#include "misuse.h"
#include "options.h"
#include "pool.h"
#include "publish.h"
#include "thread.h"

/* Not getenv: this runs before libc's own start, see start(). */
static const char *variable(char **environment, const char *name) {
    size_t length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

static void apply(const struct options *options) {
    pool_conf = (struct pool_conf){
        .keep_bytes = options->keep,
        .keep_share = (unsigned)(options->keep_share * 256 / 100),
        .decay_ms = (unsigned)options->decay,
        .huge = options->huge,
    };
    publish_conf = (struct publish_conf){
        .enabled = options->stats,
        .after_ms = (unsigned)options->stats_after,
        .interval_ms = (unsigned)options->stats_interval,
        .keep_pid = (int)options->stats_keep,
    };
}

/* The library is linked with -z initfirst: this runs before any other library's constructor, so
 * that our fork handlers and our thread key are the first. Blocks were allocated before already,
 * by the dynamic loader. A program with more rights than its user takes no options from him. */
__attribute__((constructor)) static void start(int argc, char **arguments, char **environment) {
    static const struct pool_hooks hooks = {.misuse = report_misuse, .tick = publish_tick};
    struct options options;
    options_read(&options, getauxval(AT_SECURE) ? NULL : variable(environment, "POOL_CONF"));
    apply(&options);
    pool_set_hooks(&hooks);
    thread_start();
    fork_start();
    exit_start();
    publish_start(argc > 0 ? arguments[0] : "");
}

__attribute__((destructor)) static void end(void) {
    publish_exit();
}
