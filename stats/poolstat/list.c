/* poolstat alone: every process under libpool that may be looked at, and pages left behind. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "../sweep.h"
#include "commands.h"
#include "text.h"

struct listed {
    pid_t *pids;
    size_t count, room;
    unsigned hidden; /* processes that may not be looked into */
};

static bool has_pid(const struct listed *listed, pid_t pid) {
    for (size_t i = 0; i < listed->count; i++)
        if (listed->pids[i] == pid)
            return true;
    return false;
}

static void add_pid(struct listed *listed, pid_t pid) {
    if (listed->count == listed->room) {
        size_t room = listed->room * 2 + 64;
        pid_t *larger = realloc(listed->pids, room * sizeof *larger);
        if (!larger)
            return;
        listed->pids = larger;
        listed->room = room;
    }
    listed->pids[listed->count++] = pid;
}

/* Processes that have libpool.so in their map, page or not. */
static void scan_processes(struct listed *listed) {
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        struct process process;
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !process_look(&process, atoi(entry->d_name)) || process.zombie)
            continue;
        process_look_at_map(&process);
        if (process.library_base)
            add_pid(listed, process.pid);
        else if (!process.map_readable)
            listed->hidden++;
    }
    if (directory)
        closedir(directory);
}

/* Pages of the dead, and of the living that have libpool linked in under another name. */
static void scan_pages(struct listed *listed) {
    DIR *directory = opendir(PAGE_DIRECTORY);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)) != NULL) {
        int pid = 0;
        if (sscanf(entry->d_name, PAGE_PREFIX "%d.", &pid) == 1 && pid > 0 && !has_pid(listed, pid))
            add_pid(listed, pid);
    }
    if (directory)
        closedir(directory);
}

static int by_number(const void *a, const void *b) {
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return x < y ? -1 : x > y;
}

static void describe_source(const struct target *target, char out[TEXT_MAX]) {
    char age[TEXT_MAX];
    const struct snapshot *s = &target->snapshot;
    if (s->source == SNAPSHOT_EXACT)
        snprintf(out, TEXT_MAX, "exact");
    else
        snprintf(out, TEXT_MAX, "%s %.30s ago", s->writer_alive ? "page" : "ended",
                 text_time(age, show_age(s)));
}

static void list_row(struct table *table, const struct target *target) {
    const struct rows_total *t = &target->snapshot.total;
    char pid[TEXT_MAX], source[TEXT_MAX], c[6][TEXT_MAX];
    uint64_t resident = 0;
    bool exact;
    if (target->alive)
        process_resident(target->process.pid, &resident, &exact);
    snprintf(pid, sizeof pid, "%d", (int)target->process.pid);
    describe_source(target, source);
    table_row(table, pid, target->process.name, text_bytes(c[0], (int64_t)t->live_bytes),
              text_bytes(c[1], (int64_t)t->free_bytes), text_bytes(c[2], (int64_t)t->cached_bytes),
              resident ? text_bytes(c[3], (int64_t)resident) : "-",
              text_share(c[4], t->live_bytes, resident), source);
}

static struct json_object *list_entry(const struct target *target) {
    struct residency residency = {0};
    if (target->alive)
        process_resident(target->process.pid, &residency.resident, &residency.resident_exact);
    return show_json(target, &residency, 0);
}

/* What ended between the scan and now is no news; whatever else could not be read is named. */
static bool read_listed(struct target *target, pid_t pid, enum view view) {
    struct reason reason;
    enum status status = target_read(target, pid, view, &reason);
    if (status == STATUS_OK || status == STATUS_ENDED)
        return true;
    if (status != STATUS_NO_PROCESS && status != STATUS_NOT_POOL && status != STATUS_DENIED)
        complain(status, &reason);
    return false;
}

static void list_text(const struct settings *settings, const struct listed *listed) {
    static const char *const heads[] = {
        "PID", "<program", "live", "free in pools", "cached", "RSS", "live/RSS", "<figures", NULL};
    struct table table;
    table_start(&table, heads);
    for (size_t i = 0; i < listed->count; i++) {
        struct target target;
        if (!read_listed(&target, listed->pids[i], settings->view))
            continue;
        list_row(&table, &target);
        target_clear(&target);
    }
    bool any = table.rows > 1;
    table_end(&table, stdout, text_colour(stdout));
    if (!any)
        printf("no process runs under libpool; start one with `poolstat run PROGRAM`\n");
    if (listed->hidden)
        fprintf(stderr, "processes of other users, not looked into: %u\n", listed->hidden);
}

static void list_json(const struct settings *settings, const struct listed *listed) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < listed->count; i++) {
        struct target target;
        if (!read_listed(&target, listed->pids[i], settings->view))
            continue;
        json_object_array_add(list, list_entry(&target));
        target_clear(&target);
    }
    print_json(stdout, list, settings->watch > 0);
}

int command_list(const struct settings *settings) {
    struct listed listed = {0};
    sweep_leftovers(PAGE_DIRECTORY, SWEEP_OLD);
    scan_processes(&listed);
    scan_pages(&listed);
    if (listed.count > 1)
        qsort(listed.pids, listed.count, sizeof *listed.pids, by_number);
    (settings->json ? list_json : list_text)(settings, &listed);
    free(listed.pids);
    return STATUS_OK;
}

int command_clear(const struct settings *settings) {
    int removed = sweep_leftovers(PAGE_DIRECTORY, SWEEP_ALL);
    if (removed < 0) {
        fprintf(stderr, "poolstat: " PAGE_DIRECTORY " cannot be read\n");
        return STATUS_FAILED;
    }
    if (settings->json)
        printf("{ \"removed\": %d }\n", removed);
    else
        printf("%d pages of ended processes removed\n", removed);
    return STATUS_OK;
}
