/* A writer that never rests, and a reader that looks for rows torn between two publications. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "publish.h"
#include "raw.h"
#include "snapshot.h"

#define SECONDS        3
#define LEAST_READINGS 200

static _Noreturn void write_forever(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    publish_start("torn");
    publish_conf.interval_ms = 0;
    for (uint64_t ms = UINT64_C(1) << 40;; ms += 100000) {
        fake.value++;
        fake.arenas = 1 + (uint32_t)(fake.value % 200);
        publish_tick(ms);
    }
}

struct tally {
    unsigned readings, one_moment, torn, mixed;
    uint64_t first, last;
};

static void check_row(struct tally *tally, const void *row, uint32_t i, size_t bytes, bool same,
                      uint64_t expected) {
    uint64_t value;
    if (!fake_is_whole(row, i, (uint32_t)(bytes / 8), &value))
        tally->torn++;
    else if (same && value != expected)
        tally->mixed++;
}

static void check(struct tally *tally, const struct snapshot *s) {
    uint64_t value;
    check_row(tally, &s->total, 0, sizeof s->total, false, 0);
    fake_is_whole(&s->total, 0, 1, &value);
    tally->first = tally->first ? tally->first : value;
    tally->last = value;
    tally->readings++;
    tally->one_moment += s->one_moment;
    /* Packed rows keep their number only if none was lost. */
    if (s->rows_lost)
        return;
    if (s->one_moment && s->arena_count != 1 + value % 200)
        tally->mixed++;
    for (uint32_t i = 0; i < s->class_count; i++)
        check_row(tally, &s->classes[i], i, sizeof s->classes[i], s->one_moment, value);
    for (uint32_t i = 0; i < s->arena_count; i++)
        check_row(tally, &s->arenas[i], i, sizeof s->arenas[i], s->one_moment, value);
}

static int open_page(pid_t pid) {
    char command[128], path[128] = "";
    snprintf(command, sizeof command, "ls " PAGE_DIRECTORY "/" PAGE_PREFIX "%d.* 2>/dev/null",
             (int)pid);
    for (int try = 0; try < 100; try++) {
        FILE *pipe = popen(command, "r");
        bool found = pipe && fgets(path, sizeof path, pipe) != NULL;
        if (pipe)
            pclose(pipe);
        path[strcspn(path, "\n")] = 0;
        if (found)
            return open(path, O_RDONLY);
        usleep(20000);
    }
    return -1;
}

int main(void) {
    struct tally tally = {0};
    pid_t pid = fork();
    if (pid == 0)
        write_forever();
    int fd = open_page(pid);
    uint64_t end = boot_time() + SECONDS * UINT64_C(1000000000);
    while (fd >= 0 && boot_time() < end) {
        struct snapshot s;
        struct reason reason;
        if (snapshot_from_page(&s, fd, &reason) == STATUS_OK)
            check(&tally, &s);
        snapshot_clear(&s);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    char command[128];
    snprintf(command, sizeof command, "rm -f " PAGE_DIRECTORY "/" PAGE_PREFIX "%d.*", (int)pid);
    if (system(command) != 0)
        return 1;
    printf("%u readings, %u of one moment, %u rows torn, %u mixed, over %lu publications\n",
           tally.readings, tally.one_moment, tally.torn, tally.mixed, tally.last - tally.first);
    bool enough = tally.readings >= LEAST_READINGS && tally.last > tally.first;
    if (!enough)
        printf("too few readings or publications to tell anything\n");
    return tally.torn > 0 || tally.mixed > 0 || !enough;
}
