#include "residency.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "types.h"

#define KIND_ARENA (RANGE_METADATA + 1)
#define KINDS      (KIND_ARENA + 1)
#define PRESENT    (UINT64_C(1) << 63)
#define SWAPPED    (UINT64_C(1) << 62)
#define BATCH      8192 /* words of pagemap at a time */

struct piece {
    uint64_t at, end;
    int kind;
};

struct measuring {
    int pagemap;
    uint64_t unit;
    struct piece *pieces; /* sorted by address, none overlapping */
    size_t count, next;
    uint64_t resident[KINDS], swapped, total;
    uint64_t words[BATCH];
};

static int by_address(const void *a, const void *b) {
    const struct piece *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Whole OS pages; where two pieces meet in one, the first has it. */
static void tidy_pieces(struct measuring *m) {
    qsort(m->pieces, m->count, sizeof *m->pieces, by_address);
    uint64_t last = 0;
    for (size_t i = 0; i < m->count; i++) {
        struct piece *piece = &m->pieces[i];
        piece->at = piece->at / m->unit * m->unit;
        piece->end = (piece->end + m->unit - 1) / m->unit * m->unit;
        if (piece->at < last)
            piece->at = last;
        if (piece->end < piece->at)
            piece->end = piece->at;
        last = piece->end;
    }
}

static bool gather_pieces(struct measuring *m, const struct snapshot *snapshot) {
    size_t most = (size_t)snapshot->arena_count + snapshot->range_count + 1;
    m->pieces = calloc(most, sizeof *m->pieces);
    if (!m->pieces)
        return false;
    for (uint32_t i = 0; i < snapshot->arena_count; i++) {
        uint64_t base = snapshot->arenas[i].base;
        m->pieces[m->count++] = (struct piece){base, base + ARENA_BYTES, KIND_ARENA};
    }
    for (uint32_t i = 0; i < snapshot->range_count; i++) {
        const struct snapshot_range *range = &snapshot->ranges[i];
        if (range->bytes > 0 && range->at + range->bytes > range->at)
            m->pieces[m->count++] =
                (struct piece){range->at, range->at + range->bytes, (int)range->kind};
    }
    tidy_pieces(m);
    return true;
}

/* Pages present in [at, end), in bytes. */
static uint64_t count_present(struct measuring *m, uint64_t at, uint64_t end) {
    uint64_t present = 0;
    while (at < end) {
        uint64_t n = (end - at) / m->unit;
        if (n > BATCH)
            n = BATCH;
        ssize_t got = pread(m->pagemap, m->words, n * 8, (off_t)(at / m->unit * 8));
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got / 8; i++) {
            present += m->words[i] & PRESENT ? m->unit : 0;
            m->swapped += m->words[i] & SWAPPED ? m->unit : 0;
        }
        at += (uint64_t)(got / 8) * m->unit;
    }
    return present;
}

/* A page that was only ever read is the kernel's shared page of zeros: present, but not counted
 * in the mapping's RSS. So the mapping's RSS is the most that its pieces can have. */
static void measure_mapping(struct measuring *m, uint64_t start, uint64_t end, uint64_t resident) {
    m->total += resident;
    while (m->next < m->count && m->pieces[m->next].end <= start)
        m->next++;
    for (size_t i = m->next; i < m->count && m->pieces[i].at < end; i++) {
        const struct piece *piece = &m->pieces[i];
        uint64_t at = piece->at > start ? piece->at : start;
        uint64_t to = piece->end < end ? piece->end : end;
        uint64_t present = at < to && resident > 0 ? count_present(m, at, to) : 0;
        if (present > resident)
            present = resident;
        resident -= present;
        m->resident[piece->kind] += present;
    }
}

static bool measure_mappings(struct measuring *m, pid_t pid) {
    char path[64], line[1024];
    uint64_t start = 0, end = 0, from, to;
    unsigned long kib;
    bool any = false;
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            start = from;
            end = to;
        } else if (sscanf(line, "Rss: %lu kB", &kib) == 1) {
            measure_mapping(m, start, end, (uint64_t)kib * 1024);
            any = true;
        }
    }
    fclose(file);
    return any;
}

static bool measure(struct residency *residency, struct measuring *m, pid_t pid,
                    const struct snapshot *snapshot) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    m->unit = (uint64_t)sysconf(_SC_PAGESIZE);
    m->pagemap = open(path, O_RDONLY | O_CLOEXEC);
    bool done = m->pagemap >= 0 && gather_pieces(m, snapshot) && measure_mappings(m, pid);
    if (m->pagemap >= 0)
        close(m->pagemap);
    free(m->pieces);
    if (!done)
        return false;
    residency->resident = m->total;
    residency->resident_exact = true;
    residency->arenas = m->resident[KIND_ARENA];
    residency->large = m->resident[RANGE_LARGE];
    residency->cached = m->resident[RANGE_LARGE_CACHED];
    residency->metadata = m->resident[RANGE_METADATA];
    residency->heap =
        residency->arenas + residency->large + residency->cached + residency->metadata;
    residency->swapped = m->swapped;
    return true;
}

void residency_measure(struct residency *residency, pid_t pid, const struct snapshot *snapshot) {
    memset(residency, 0, sizeof *residency);
    struct measuring *m = calloc(1, sizeof *m);
    if (m && snapshot->source == SNAPSHOT_EXACT)
        residency->measured = measure(residency, m, pid, snapshot);
    free(m);
    if (!residency->measured &&
        !process_resident(pid, &residency->resident, &residency->resident_exact))
        residency->resident = 0;
}
