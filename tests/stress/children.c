/* Children started in every way but fork alone, by a program with allocating threads; and errno,
   which free must not touch. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define ROUNDS 60

extern char **environ;
static atomic_int stop;

static void *churn(void *unused) {
    struct chance chance = {(uint64_t)(uintptr_t)&chance};
    char *held[50] = {0};

    while (!atomic_load(&stop)) {
        char **slot = &held[chance_below(&chance, 50)];
        free(*slot);
        *slot = malloc(chance_log(&chance, 8, 100000));
    }
    for (unsigned i = 0; i < 50; i++)
        free(held[i]);
    return unused;
}

static void require_end(pid_t child, int expected, const char *how) {
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("children: %s: %s", how, strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail("children: a child by %s ended with status 0x%x", how, status);
}

/* The child of a vfork runs on the parent's memory and stack until it becomes another program. */
static void by_vfork(int round) {
    char *volatile block = malloc(1000);
    pid_t child = vfork();

    if (child == 0) {
        execl(round % 2 ? "/bin/true" : "/bin/false", "child", (char *)NULL);
        _exit(9);
    }
    require_end(child, round % 2 ? 0 : 1, "vfork");
    free(block);
}

static void by_spawn(int round) {
    char *arguments[] = {"sh", "-c", round % 2 ? "exit 4" : "x=$(echo 4); exit $x", NULL};
    pid_t child;

    if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) != 0)
        fail("children: posix_spawn failed");
    require_end(child, 4, "posix_spawn");
}

static void by_popen(int round) {
    char command[64], line[64] = "";
    FILE *pipe;

    snprintf(command, sizeof command, "echo line %d", round);
    pipe = popen(command, "r");
    if (pipe == NULL || fgets(line, sizeof line, pipe) == NULL || pclose(pipe) != 0)
        fail("children: popen failed");
    if (strncmp(line, command + 5, strlen(command + 5)) != 0)
        fail("children: popen gave '%s'", line);
    if (system("exit 3") != 3 << 8)
        fail("children: system failed");
}

static void require_errno_kept(void) {
    for (size_t size = 1; size <= 64 * MIB; size = size * 3 + 1) {
        char *block = malloc(size);
        memset(block, 1, size);
        for (int error = 1; error < 100; error += 33) {
            char *other = malloc(size);
            errno = error;
            free(other);
            if (errno != error)
                fail("children: free of %zu bytes changed errno from %d to %d", size, error, errno);
        }
        free(block);
    }
    errno = 55;
    free(NULL);
    if (errno != 55)
        fail("children: free(NULL) changed errno");
}

int main(void) {
    pthread_t threads[4];

    require_subject();
    alarm(60);
    require_errno_kept();
    for (unsigned i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        by_vfork(round);
        by_spawn(round);
        by_popen(round);
    }
    require_errno_kept();
    atomic_store(&stop, 1);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    puts("all children ended as they should");
    return 0;
}
