#include "show.h"

#include "../raw.h"
#include "tables.h"
#include "text.h"

uint64_t show_age(const struct snapshot *snapshot) {
    uint64_t now = boot_time();
    return now > snapshot->taken ? now - snapshot->taken : 0;
}

static void print_source(FILE *file, const struct target *target) {
    const struct snapshot *s = &target->snapshot;
    char age[TEXT_MAX], bytes[TEXT_MAX], blocks[TEXT_MAX];
    if (s->source == SNAPSHOT_EXACT) {
        fprintf(file, "exact: read from its memory just now, in %.1f ms\n",
                (double)s->reading / 1e6);
        return;
    }
    text_time(age, show_age(s));
    if (!s->writer_alive)
        fprintf(file, "ended: what it published last, %s ago\n", age);
    else
        fprintf(file, "published %s ago; live was then off by at most %s in %s blocks\n", age,
                text_bytes(bytes, (int64_t)s->total.bound_bytes),
                text_count(blocks, s->total.bound_blocks));
    if (target->not_exact.text[0] && s->writer_alive)
        fprintf(file, "not exact: %s\n", target->not_exact.text);
}

static void print_faults(FILE *file, const struct snapshot *s) {
    if (s->rows_lost)
        fprintf(file, "rows are missing below, damaged or half written: %u or more\n",
                s->rows_lost);
    if (!s->one_moment)
        fprintf(file, "rows are of different moments: it published while being read\n");
    if (s->arenas_truncated)
        fprintf(file, "%u arenas found no room in the page\n", s->arenas_truncated);
    if (s->heaps_truncated)
        fprintf(file, "%u heaps found no room in the page\n", s->heaps_truncated);
}

static void print_account(FILE *file, const struct account *account, bool colour) {
    char text[TEXT_MAX];
    for (int i = 0; i < account->count; i++) {
        const struct account_line *line = &account->line[i];
        bool sum = line->kind == ACCOUNT_SUM;
        fprintf(file, "%s%s %-14s %12s%s  %s%s%s\n", colour && sum ? COLOUR_BOLD : "",
                sum ? "=" : " ", line->label, text_bytes(text, line->bytes),
                colour && sum ? COLOUR_OFF : "", colour ? COLOUR_DIM : "", line->note,
                colour ? COLOUR_OFF : "");
    }
}

static void print_counts(FILE *file, const struct rows_total *t) {
    char a[TEXT_MAX], b[TEXT_MAX], c[TEXT_MAX];
    fprintf(file, "blocks live: %s; pools: %u; arenas: %u; large blocks: %s (%s)\n",
            text_count(a, t->live_blocks), t->pools, t->arenas, text_count(b, t->large.blocks),
            text_bytes(c, (int64_t)t->large.bytes));
    fprintf(file, "heaps: %u, with a thread: %u; given back and still mapped: %s\n", t->heaps,
            t->live_heaps, text_bytes(a, (int64_t)t->clean_bytes));
}

void show_text(FILE *file, const struct target *target, const struct residency *residency,
               unsigned parts) {
    const struct snapshot *s = &target->snapshot;
    struct account account;
    bool colour = text_colour(file);
    account_make(&account, s, residency);
    fprintf(file, "%s%d %s%s  ", colour ? COLOUR_BOLD : "", (int)target->process.pid,
            target->process.name, colour ? COLOUR_OFF : "");
    print_source(file, target);
    print_faults(file, s);
    fputc('\n', file);
    print_account(file, &account, colour);
    fputc('\n', file);
    print_counts(file, &s->total);
    tables_print(file, s, parts, colour);
}
