/*
 * Runs one program under an allocator and reports what it used.
 *
 * The runner is a Python process of tens of megabytes, and Linux counts the memory that a process
 * had before its exec towards its peak RSS: a child forked from Python would never show less than
 * Python. So the measured program is forked from here, where there is next to nothing. LD_PRELOAD
 * is set between fork and exec: this process itself stays under plain glibc.
 *
 *   launch -r REPORT [-p PRELOAD] [-o STDOUT] [-e STDERR] [-t SECONDS] [-u USER] [-c] PROGRAM
 * ARG...
 *
 * The report is one line of JSON: wall time in nanoseconds; CPU times in microseconds, faults and
 * peak RSS as wait4 gives them, which is the sum (for RSS: the largest process) over the program
 * and every descendant that was waited for; with -c, the calls that count.h counts in all of them.
 * Signals TERM and INT are passed on to the program. Exit status: 0 when a report was written.
 */
#include "count.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct order {
    const char *report;
    const char *preload;
    const char *out;
    const char *err;
    const char *user;
    unsigned timeout;
    int counting;
    char **command;
};

static volatile sig_atomic_t child_pid;
static volatile sig_atomic_t timed_out;

static void die(const char *what) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void pass_on(int signal_number) {
    if (child_pid > 0)
        kill(child_pid, signal_number);
}

static void on_alarm(int signal_number) {
    (void)signal_number;
    timed_out = 1;
    if (child_pid > 0)
        kill(-child_pid, SIGKILL);
}

static void redirect(const char *path, int fd) {
    if (!path)
        return;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || dup2(file, fd) < 0)
        die(path);
    close(file);
}

static void become(const char *name) {
    if (!name)
        return;
    const struct passwd *user = getpwnam(name);
    if (!user) {
        fprintf(stderr, "launch: no user %s\n", name);
        exit(2);
    }
    if (initgroups(name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
        die(name);
}

static void run_child(const struct order *order, int socket) {
    setpgid(0, 0);
    redirect(order->out, STDOUT_FILENO);
    redirect(order->err, STDERR_FILENO);
    become(order->user);
    if (order->preload && *order->preload)
        setenv("LD_PRELOAD", order->preload, 1);
    else
        unsetenv("LD_PRELOAD");
    if (order->counting && count_me(socket))
        die("seccomp");
    execvp(order->command[0], order->command);
    die(order->command[0]);
}

static long microseconds(struct timeval t) {
    return t.tv_sec * 1000000L + t.tv_usec;
}

static void write_report(const struct order *order, long wall, int status, const struct rusage *use,
                         const struct counts *counts) {
    const char *path = order->report;
    FILE *file = fopen(path, "w");
    if (!file)
        die(path);
    fprintf(file,
            "{\"wall\": %ld, \"user\": %ld, \"system\": %ld, \"rss\": %ld, \"minor\": %ld, "
            "\"major\": %ld, \"exit\": %d, \"signal\": %d, \"timed_out\": %s",
            wall, microseconds(use->ru_utime), microseconds(use->ru_stime), use->ru_maxrss,
            use->ru_minflt, use->ru_majflt, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, timed_out ? "true" : "false");
    if (order->counting) {
        fputs(", \"calls\": ", file);
        count_write(file, counts);
    }
    fputs("}\n", file);
    if (fclose(file))
        die(path);
}

static struct order parse(int argc, char **argv) {
    struct order order = {0};
    int option;
    while ((option = getopt(argc, argv, "+r:p:o:e:t:u:c")) != -1) {
        switch (option) {
        case 'r':
            order.report = optarg;
            break;
        case 'p':
            order.preload = optarg;
            break;
        case 'o':
            order.out = optarg;
            break;
        case 'e':
            order.err = optarg;
            break;
        case 't':
            order.timeout = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'u':
            order.user = optarg;
            break;
        case 'c':
            order.counting = 1;
            break;
        default:
            exit(2);
        }
    }
    order.command = argv + optind;
    if (!order.report || !order.command[0]) {
        fprintf(stderr, "launch: give -r REPORT and a program to run\n");
        exit(2);
    }
    return order;
}

int main(int argc, char **argv) {
    const struct order order = parse(argc, argv);
    const struct sigaction forward = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    const struct sigaction alarm_action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct timespec start, end;
    struct rusage use;
    struct counts counts = {0};
    int status, sockets[2] = {-1, -1};

    sigaction(SIGTERM, &forward, NULL);
    sigaction(SIGINT, &forward, NULL);
    sigaction(SIGALRM, &alarm_action, NULL);
    if (order.counting && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
        die("socketpair");
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        run_child(&order, sockets[1]);
    setpgid(pid, pid);
    child_pid = pid;
    alarm(order.timeout);
    if (order.counting) {
        close(sockets[1]);
        if (count_until_end(sockets[0], pid, &counts))
            kill(-pid, SIGKILL);
    }
    while (wait4(pid, &status, 0, &use) < 0)
        if (errno != EINTR)
            die("wait4");
    clock_gettime(CLOCK_MONOTONIC, &end);
    child_pid = 0;
    write_report(&order, (end.tv_sec - start.tv_sec) * 1000000000L + (end.tv_nsec - start.tv_nsec),
                 status, &use, &counts);
    return 0;
}
