#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page.h"

/* The name goes to terminals and into JSON, and a program may call itself anything. */
void process_set_name(struct process *process, const char *path) {
    const char *slash = strrchr(path, '/');
    snprintf(process->name, sizeof process->name, "%.63s", slash && slash[1] ? slash + 1 : path);
    for (char *c = process->name; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static FILE *open_proc(pid_t pid, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

/* "pid (any text) state ppid ...": fields are counted from the last parenthesis. */
static bool look_at_stat(struct process *process) {
    char text[1024];
    FILE *file = open_proc(process->pid, "stat");
    if (!file)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open)
        return false;
    *close = 0;
    process_set_name(process, open + 1);
    unsigned long long start;
    char state;
    if (sscanf(close + 1,
               " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
               &state, &start) != 2)
        return false;
    process->start_ticks = start;
    process->zombie = state == 'Z' || state == 'X';
    return true;
}

static void look_at_status(struct process *process) {
    char line[256];
    FILE *file = open_proc(process->pid, "status");
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        unsigned uid;
        if (sscanf(line, "Uid: %*u %u", &uid) == 1)
            process->uid = uid;
        if (strncmp(line, "NSpid:", 6) != 0)
            continue;
        const char *last = strrchr(line, '\t');
        if (last)
            process->inner_pid = atoi(last + 1);
    }
    fclose(file);
}

static void look_at_exe(struct process *process) {
    char path[64], target[PROCESS_PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)process->pid);
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return;
    target[n] = 0;
    process_set_name(process, target);
}

bool process_look(struct process *process, pid_t pid) {
    memset(process, 0, sizeof *process);
    process->pid = process->inner_pid = pid;
    if (pid <= 0 || !look_at_stat(process))
        return false;
    look_at_status(process);
    look_at_exe(process);
    return true;
}

static bool is_library(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    return strncmp(name, "libpool.so", 10) == 0 &&
           (name[10] == 0 || name[10] == '.' || name[10] == ' ');
}

/* start-end perms offset dev inode path */
static void look_at_mapping(struct process *process, char *line) {
    uint64_t start, offset, inode;
    int at = 0;
    line[strcspn(line, "\n")] = 0;
    if (sscanf(line, "%lx-%*x %*4s %lx %*s %lu %n", &start, &offset, &inode, &at) != 3 || at == 0)
        return;
    const char *path = line + at;
    if (process->library_base == 0 && offset == 0 && is_library(path)) {
        process->library_base = start;
        process->library_inode = inode;
        snprintf(process->library, sizeof process->library, "%s", path);
    }
    if (offset == 0 && strstr(path, PAGE_DIRECTORY "/" PAGE_PREFIX))
        snprintf(process->page, sizeof process->page, "%s", path);
}

void process_look_at_map(struct process *process) {
    char *line = NULL;
    size_t room = 0;
    FILE *file = open_proc(process->pid, "maps");
    if (!file)
        return;
    process->map_readable = true;
    while (getline(&line, &room, file) > 0)
        look_at_mapping(process, line);
    free(line);
    fclose(file);
}

static bool sum_of_smaps(pid_t pid, uint64_t *bytes) {
    char line[256];
    unsigned long kib;
    bool found = false;
    FILE *file = open_proc(pid, "smaps_rollup");
    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file))
        found = sscanf(line, "Rss: %lu kB", &kib) == 1;
    fclose(file);
    if (found)
        *bytes = (uint64_t)kib * 1024;
    return found;
}

bool process_resident(pid_t pid, uint64_t *bytes, bool *exact) {
    unsigned long pages;
    *exact = sum_of_smaps(pid, bytes);
    if (*exact)
        return true;
    FILE *file = open_proc(pid, "statm");
    if (!file)
        return false;
    bool read = fscanf(file, "%*u %lu", &pages) == 1;
    fclose(file);
    if (read)
        *bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return read;
}
