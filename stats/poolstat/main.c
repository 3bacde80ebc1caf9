/* poolstat: looks into processes that run under libpool, from outside. */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "text.h"

const char *argp_program_version = "poolstat (libpool) " POOLSTAT_VERSION;

static const char doc[] =
    "Looks into processes that run under libpool, from outside: no signal, no debugger.\v"
    "Commands:\n"
    "  (none)               list every process under libpool that may be looked at\n"
    "  PID...               where its memory is: items that add up to its RSS\n"
    "  run PROGRAM [ARG]... run a program under libpool, show its figures when it ends\n"
    "  refresh PID...       have it publish now\n"
    "  purge PID...         have it give back all free memory now\n"
    "  options              the run-time options of libpool (POOL_CONF)\n"
    "  clear                remove the pages that ended processes left behind\n"
    "\n"
    "Figures are read from the process's memory where that is permitted, and are exact then; "
    "otherwise from the page it publishes in /dev/shm, with their age and the most that they "
    "can be off.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no such process, 4 not under libpool, "
    "5 not permitted, 6 another version of libpool, 7 damaged page, 8 the process has ended and "
    "its last figures were printed, 9 a request was not served in time, 10 no page yet. "
    "`run` has the program's status: 126 it cannot be executed, 127 not found, 128 + signal.";

enum key {
    KEY_ARENAS = 256,
    KEY_CLASSES,
    KEY_HEAPS,
    KEY_EVENTS,
    KEY_EXACT,
    KEY_PAGE,
    KEY_WAIT,
    KEY_LIBRARY
};

static const struct argp_option options[] = {
    {"arenas", KEY_ARENAS, 0, 0, "Show each arena", 1},
    {"classes", KEY_CLASSES, 0, 0, "Show each size class in use", 1},
    {"heaps", KEY_HEAPS, 0, 0, "Show each heap: a thread's pools", 1},
    {"events", KEY_EVENTS, 0, 0, "Show what happened how often", 1},
    {"all", 'a', 0, 0, "Show all four", 1},
    {"json", 'j', 0, 0, "JSON; sizes in bytes, times in seconds", 2},
    {"watch", 'w', "SECONDS", 0, "Again and again", 2},
    {"exact", KEY_EXACT, 0, 0, "Read the process's memory or fail", 3},
    {"page", KEY_PAGE, 0, 0, "Read its page even if its memory may be read", 3},
    {"wait", KEY_WAIT, "SECONDS", 0, "How long refresh and purge wait (2)", 4},
    {"library", KEY_LIBRARY, "FILE", 0, "The libpool.so that `run` uses", 4},
    {0},
};

struct command_line {
    struct settings settings;
    const char *command; /* NULL: list, or show when there are PIDs */
    char **program;
    pid_t pids[256];
    int pid_count;
};

static double parse_seconds(struct argp_state *state, const char *text) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds > 0 && seconds <= 1e6))
        argp_error(state, "'%s' is no number of seconds", text);
    return seconds;
}

static void add_pid(struct argp_state *state, struct command_line *line, const char *text) {
    char *end;
    long pid = strtol(text, &end, 10);
    if (end == text || *end || pid <= 0 || pid > 1 << 30)
        argp_error(state, "'%s' is neither a process number nor a command", text);
    if (line->pid_count == sizeof line->pids / sizeof line->pids[0])
        argp_error(state, "more than %d processes", line->pid_count);
    line->pids[line->pid_count++] = (pid_t)pid;
}

static void take_argument(struct argp_state *state, struct command_line *line, char *text) {
    static const char *const commands[] = {"run", "refresh", "purge", "options", "clear"};
    if (line->command && strcmp(line->command, "run") == 0) {
        line->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return;
    }
    for (size_t i = 0; state->arg_num == 0 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(text, commands[i]) == 0) {
            line->command = commands[i];
            return;
        }
    add_pid(state, line, text);
}

static void check(struct argp_state *state, const struct command_line *line) {
    const char *command = line->command;
    if (!command)
        return;
    bool takes_pids = strcmp(command, "refresh") == 0 || strcmp(command, "purge") == 0;
    if (takes_pids && line->pid_count == 0)
        argp_error(state, "%s which process? Give its number", command);
    if (!takes_pids && line->pid_count > 0)
        argp_error(state, "%s takes no process number", command);
    if (strcmp(command, "run") == 0 && !line->program)
        argp_error(state, "run which program?");
}

static error_t parse(int key, char *text, struct argp_state *state) {
    struct command_line *line = state->input;
    struct settings *settings = &line->settings;
    switch (key) {
    case KEY_ARENAS:
        settings->parts |= SHOW_ARENAS;
        break;
    case KEY_CLASSES:
        settings->parts |= SHOW_CLASSES;
        break;
    case KEY_HEAPS:
        settings->parts |= SHOW_HEAPS;
        break;
    case KEY_EVENTS:
        settings->parts |= SHOW_EVENTS;
        break;
    case 'a':
        settings->parts |= SHOW_ALL;
        break;
    case 'j':
        settings->json = true;
        break;
    case 'w':
        settings->watch = parse_seconds(state, text);
        break;
    case KEY_EXACT:
        settings->view = VIEW_EXACT;
        break;
    case KEY_PAGE:
        settings->view = VIEW_PAGE;
        break;
    case KEY_WAIT:
        settings->wait = parse_seconds(state, text);
        break;
    case KEY_LIBRARY:
        settings->library = text;
        break;
    case ARGP_KEY_ARG:
        take_argument(state, line, text);
        break;
    case ARGP_KEY_END:
        check(state, line);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int complain(enum status status, const struct reason *reason) {
    fflush(stdout);
    fprintf(stderr, "poolstat: %s\n", reason->text);
    return (int)status;
}

void print_json(FILE *file, struct json_object *object, bool compact) {
    int flags = compact ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY;
    fprintf(file, "%s\n",
            json_object_to_json_string_ext(object, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

int command_show(const struct settings *settings, pid_t pid) {
    struct target target;
    struct reason reason;
    struct residency residency = {0};
    enum status status = target_read(&target, pid, settings->view, &reason);
    if (status != STATUS_OK && status != STATUS_ENDED)
        return complain(status, &reason);
    if (status == STATUS_OK)
        residency_measure(&residency, pid, &target.snapshot);
    if (settings->json)
        print_json(stdout, show_json(&target, &residency, settings->parts), settings->watch > 0);
    else
        show_text(stdout, &target, &residency, settings->parts);
    target_clear(&target);
    if (status == STATUS_ENDED) {
        reason_give(&reason, status, "process %d has ended; these are its last figures", (int)pid);
        complain(status, &reason);
    }
    return (int)status;
}

/* Several processes: the first status that is not 0. */
static int run_once(const struct command_line *line) {
    const struct settings *settings = &line->settings;
    int status = STATUS_OK;
    if (line->command && strcmp(line->command, "options") == 0)
        return command_options(settings);
    if (line->command && strcmp(line->command, "clear") == 0)
        return command_clear(settings);
    if (line->pid_count == 0)
        return command_list(settings);
    for (int i = 0; i < line->pid_count; i++) {
        int one;
        if (i > 0 && !line->command && !settings->json)
            putchar('\n');
        if (!line->command)
            one = command_show(settings, line->pids[i]);
        else
            one = command_request(settings, line->pids[i],
                                  line->command[0] == 'r' ? PAGE_REQUEST_REFRESH
                                                          : PAGE_REQUEST_PURGE);
        status = status ? status : one;
    }
    return status;
}

static int run_again(const struct command_line *line) {
    bool screen = isatty(STDOUT_FILENO) && !line->settings.json;
    double seconds = line->settings.watch;
    struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    for (;;) {
        if (screen)
            fputs("\033[H\033[J", stdout);
        int status = run_once(line);
        if (fflush(stdout) != 0 || ferror(stdout))
            return STATUS_FAILED;
        if (status != STATUS_OK)
            return status;
        if (!screen && !line->settings.json)
            putchar('\n');
        nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv) {
    static const struct argp argp = {
        options, parse, "\nPID...\nrun PROGRAM [ARG]...\nrefresh|purge PID...\noptions|clear",
        doc,     NULL,  NULL,
        NULL};
    static struct command_line line = {.settings.wait = 2};
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &line);
    if (line.program)
        return command_run(&line.settings, line.program);
    if (line.settings.watch > 0)
        return run_again(&line);
    int status = run_once(&line);
    return fflush(stdout) == 0 ? status : STATUS_FAILED;
}
