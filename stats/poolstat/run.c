/* poolstat run PROGRAM: starts a program under libpool and shows what its page says at the end. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "text.h"

#define CANNOT_EXECUTE 126
#define NOT_FOUND      127

/* Beside us in the build tree, or where both are installed. */
static bool find_library(char *out, size_t room) {
    static const char *const places[] = {"../preload/libpool.so", "libpool.so",
                                         "../" POOLSTAT_LIBDIR "/libpool.so"};
    char self[PROCESS_PATH_MAX], path[PROCESS_PATH_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", self, places[i]);
        char *real = realpath(path, NULL);
        if (!real)
            continue;
        snprintf(out, room, "%s", real);
        free(real);
        return true;
    }
    return false;
}

static void extend(const char *name, const char *added, char separator, bool first) {
    const char *old = getenv(name);
    char *both;
    if (!old || !*old) {
        setenv(name, added, 1);
        return;
    }
    if (asprintf(&both, "%s%c%s", first ? added : old, separator, first ? old : added) < 0)
        _exit(CANNOT_EXECUTE);
    setenv(name, both, 1);
    free(both);
}

static _Noreturn void become(const char *library, char **program) {
    char keep[64];
    snprintf(keep, sizeof keep, "stats_keep:%d", (int)getpid());
    extend("LD_PRELOAD", library, ':', true);
    extend("POOL_CONF", keep, ',', false);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    execvp(program[0], program);
    int why = errno;
    fprintf(stderr, "poolstat: cannot start %s: %s\n", program[0], strerror(why));
    _exit(why == ENOENT ? NOT_FOUND : CANNOT_EXECUTE);
}

static void print_peak(const struct rusage *usage) {
    char text[TEXT_MAX];
    fprintf(stderr, "peak RSS %s, user %ld.%02ld s, system %ld.%02ld s\n",
            text_bytes(text, (int64_t)usage->ru_maxrss * 1024), usage->ru_utime.tv_sec,
            usage->ru_utime.tv_usec / 10000, usage->ru_stime.tv_sec,
            usage->ru_stime.tv_usec / 10000);
}

static void print_json_with_peak(const struct target *target, unsigned parts,
                                 const struct rusage *usage) {
    struct residency none = {0};
    struct json_object *object = show_json(target, &none, parts);
    json_object_object_add(object, "peak_rss_bytes",
                           json_object_new_int64((int64_t)usage->ru_maxrss * 1024));
    print_json(stderr, object, false);
}

/* The child is a zombie still: its number is its own, so its page can be nobody else's. */
static void show_end(const struct settings *settings, pid_t pid, const struct rusage *usage) {
    struct target target;
    struct reason reason;
    struct residency none = {0};
    enum status status = target_read(&target, pid, VIEW_PAGE, &reason);
    if (status != STATUS_OK && status != STATUS_ENDED) {
        fprintf(stderr,
                "poolstat: the program left no page: it was killed before it had one, is linked "
                "statically, gains rights when started, or " PAGE_DIRECTORY " is full\n");
        return;
    }
    unlink(target.page);
    if (settings->json) {
        print_json_with_peak(&target, settings->parts, usage);
    } else {
        fputc('\n', stderr);
        show_text(stderr, &target, &none, settings->parts);
        print_peak(usage);
    }
    target_clear(&target);
}

static int await_end(const struct settings *settings, pid_t pid) {
    siginfo_t info;
    struct rusage usage = {0};
    int code;
    /* Through the system call, which also tells the resources used, and leaves the zombie. */
    while (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, &usage) != 0 && errno == EINTR)
        ;
    bool started = info.si_code != CLD_EXITED ||
                   (info.si_status != NOT_FOUND && info.si_status != CANNOT_EXECUTE);
    if (started)
        show_end(settings, pid, &usage);
    waitpid(pid, &code, 0);
    return WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
}

int command_run(const struct settings *settings, char **program) {
    char library[PROCESS_PATH_MAX];
    struct reason reason;
    if (settings->library)
        snprintf(library, sizeof library, "%s", settings->library);
    else if (!find_library(library, sizeof library))
        return complain(reason_give(&reason, STATUS_FAILED,
                                    "libpool.so is not where it belongs to this poolstat; name "
                                    "it with --library FILE"),
                        &reason);
    if (access(library, R_OK) != 0)
        return complain(reason_give(&reason, STATUS_FAILED, "%.300s: %s", library, strerror(errno)),
                        &reason);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return complain(reason_give(&reason, STATUS_FAILED, "fork: %s", strerror(errno)), &reason);
    if (pid == 0)
        become(library, program);
    /* Interrupting from the terminal is for the program; we still want to show its end. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    return await_end(settings, pid);
}
