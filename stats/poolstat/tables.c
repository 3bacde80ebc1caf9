#include "tables.h"

#include "show.h"
#include "text.h"
#include "types.h"

const char *heap_state_name(uint32_t state) {
    static const char *const names[] = {"live", "abandoned", "torn by fork"};
    return state < 3 ? names[state] : "unknown";
}

static void print_arenas(FILE *file, const struct snapshot *s, bool colour) {
    static const char *const heads[] = {"arena", "address",   "pools",      "sparse",
                                        "runs",  "kept free", "given back", "live",
                                        "free",  "uncarved",  "<in use",    NULL};
    struct table table;
    table_start(&table, heads);
    for (uint32_t i = 0; i < s->arena_count; i++) {
        const struct rows_arena *a = &s->arenas[i];
        char t[10][TEXT_MAX], base[TEXT_MAX], bar[TEXT_MAX];
        snprintf(base, sizeof base, "%#lx%s", a->base, a->huge ? " huge" : "");
        table_row(
            &table, text_count(t[0], a->index), base, text_count(t[1], a->pools),
            text_count(t[2], a->sparse), text_count(t[3], a->runs), text_count(t[4], a->free_dirty),
            text_count(t[5], a->free_clean), text_bytes(t[6], (int64_t)a->live_bytes),
            text_bytes(t[7], (int64_t)a->free_bytes), text_bytes(t[8], (int64_t)a->uncarved_bytes),
            text_bar(bar, a->live_bytes, ARENA_BYTES));
    }
    fprintf(file, "\n");
    table_end(&table, file, colour);
    fprintf(file, "sparse: pools less than a quarter used, which keep the arena from draining\n");
}

static void print_classes(FILE *file, const struct snapshot *s, bool colour) {
    static const char *const heads[] = {"block",   "pools",    "live blocks", "live",    "free",
                                        "in mail", "uncarved", "served",      "<in use", NULL};
    struct table table;
    table_start(&table, heads);
    for (uint32_t i = 0; i < s->class_count; i++) {
        const struct rows_class *c = &s->classes[i];
        if (c->pools == 0 && c->refilled == 0)
            continue;
        char t[8][TEXT_MAX], bar[TEXT_MAX];
        uint64_t carved = c->live_blocks + c->free_blocks;
        uint64_t uncarved = c->capacity > carved ? c->capacity - carved : 0;
        table_row(&table, text_count(t[0], c->block_size), text_count(t[1], c->pools),
                  text_count(t[2], c->live_blocks),
                  text_bytes(t[3], (int64_t)(c->live_blocks * c->block_size)),
                  text_count(t[4], c->free_blocks), text_count(t[5], c->mail_blocks),
                  text_count(t[6], uncarved), text_count(t[7], c->refilled),
                  text_bar(bar, c->live_blocks, c->capacity));
    }
    fprintf(file, "\n");
    table_end(&table, file, colour);
    fprintf(file, "block: size in bytes; in mail: freed by other threads, not collected yet; "
                  "served: by lists that ran out since the start\n");
}

static void print_heaps(FILE *file, const struct snapshot *s, bool colour) {
    static const char *const heads[] = {"heap",      "thread",      "<state", "pools",
                                        "live",      "live blocks", "free",   "free in current",
                                        "collected", NULL};
    struct table table;
    table_start(&table, heads);
    for (uint32_t i = 0; i < s->heap_count; i++) {
        const struct rows_heap *h = &s->heaps[i];
        char t[7][TEXT_MAX], thread[TEXT_MAX] = "-";
        if (h->tid)
            snprintf(thread, sizeof thread, "%d", h->tid);
        table_row(&table, text_count(t[0], h->index), thread, heap_state_name(h->state),
                  text_count(t[1], h->pools), text_bytes(t[2], (int64_t)h->live_bytes),
                  text_count(t[3], h->live_blocks), text_bytes(t[4], (int64_t)h->free_bytes),
                  text_bytes(t[5], (int64_t)h->current_free_bytes), text_count(t[6], h->collected));
    }
    fprintf(file, "\n");
    table_end(&table, file, colour);
    fprintf(file, "current: the pools its thread allocates from; collected: blocks that other "
                  "threads freed\n");
}

static void print_events(FILE *file, const struct snapshot *s, bool colour) {
    static const char *const heads[] = {"<event", "count", NULL};
    struct table table;
    table_start(&table, heads);
    for (int i = 0; i < EVENT_COUNT; i++) {
        char t[TEXT_MAX];
        table_row(&table, rows_event_name[i], text_count(t, s->total.event[i]));
    }
    fprintf(file, "\n");
    table_end(&table, file, colour);
}

void tables_print(FILE *file, const struct snapshot *snapshot, unsigned parts, bool colour) {
    if (parts & SHOW_ARENAS)
        print_arenas(file, snapshot, colour);
    if (parts & SHOW_CLASSES)
        print_classes(file, snapshot, colour);
    if (parts & SHOW_HEAPS)
        print_heaps(file, snapshot, colour);
    if (parts & SHOW_EVENTS)
        print_events(file, snapshot, colour);
}
