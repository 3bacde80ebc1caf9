#include "show.h"
#include "tables.h"
#include "types.h"

static void put(struct json_object *object, const char *key, uint64_t value) {
    json_object_object_add(object, key, json_object_new_uint64(value));
}

static void put_text(struct json_object *object, const char *key, const char *value) {
    json_object_object_add(object, key, json_object_new_string(value));
}

static void put_bool(struct json_object *object, const char *key, bool value) {
    json_object_object_add(object, key, json_object_new_boolean(value));
}

static struct json_object *of_arenas(const struct snapshot *s) {
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < s->arena_count; i++) {
        const struct rows_arena *a = &s->arenas[i];
        struct json_object *row = json_object_new_object();
        put(row, "index", a->index);
        put(row, "base", a->base);
        put(row, "pools", a->pools);
        put(row, "sparse_pools", a->sparse);
        put(row, "runs", a->runs);
        put(row, "run_pools", a->run_pools);
        put(row, "free_dirty_pools", a->free_dirty);
        put(row, "free_clean_pools", a->free_clean);
        put_bool(row, "huge", a->huge);
        put(row, "live_bytes", a->live_bytes);
        put(row, "live_blocks", a->live_blocks);
        put(row, "free_bytes", a->free_bytes);
        put(row, "mail_bytes", a->mail_bytes);
        put(row, "uncarved_bytes", a->uncarved_bytes);
        put(row, "rounding_bytes", a->rounding_bytes);
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *of_classes(const struct snapshot *s) {
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < s->class_count; i++) {
        const struct rows_class *c = &s->classes[i];
        if (c->pools == 0 && c->refilled == 0)
            continue;
        struct json_object *row = json_object_new_object();
        put(row, "class", i);
        put(row, "block_size", c->block_size);
        put(row, "pools", c->pools);
        put(row, "live_blocks", c->live_blocks);
        put(row, "free_blocks", c->free_blocks);
        put(row, "mail_blocks", c->mail_blocks);
        put(row, "capacity", c->capacity);
        put(row, "refills", c->refills);
        put(row, "refilled", c->refilled);
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *of_heaps(const struct snapshot *s) {
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < s->heap_count; i++) {
        const struct rows_heap *h = &s->heaps[i];
        struct json_object *row = json_object_new_object();
        put(row, "index", h->index);
        put_text(row, "state", heap_state_name(h->state));
        put(row, "tid", (uint64_t)(h->tid < 0 ? 0 : h->tid));
        put(row, "pools", h->pools);
        put(row, "live_bytes", h->live_bytes);
        put(row, "live_blocks", h->live_blocks);
        put(row, "free_bytes", h->free_bytes);
        put(row, "current_free_bytes", h->current_free_bytes);
        put(row, "current_free_blocks", h->current_free_blocks);
        put(row, "collected", h->collected);
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *of_events(const struct snapshot *s) {
    struct json_object *events = json_object_new_object();
    for (int i = 0; i < EVENT_COUNT; i++)
        put(events, rows_event_name[i], s->total.event[i]);
    return events;
}

static struct json_object *of_total(const struct rows_total *t) {
    struct json_object *total = json_object_new_object();
    put(total, "live_bytes", t->live_bytes);
    put(total, "live_blocks", t->live_blocks);
    put(total, "free_bytes", t->free_bytes);
    put(total, "uncarved_bytes", t->uncarved_bytes);
    put(total, "rounding_bytes", t->rounding_bytes);
    put(total, "cached_bytes", t->cached_bytes);
    put(total, "clean_bytes", t->clean_bytes);
    put(total, "metadata_bytes", t->metadata_bytes);
    put(total, "keep_bytes", t->keep_bytes);
    put(total, "arenas", t->arenas);
    put(total, "arena_bytes", ARENA_BYTES); /* of each */
    put(total, "pools", t->pools);
    put(total, "heaps", t->heaps);
    put(total, "live_heaps", t->live_heaps);
    put(total, "large_blocks", t->large.blocks);
    put(total, "large_bytes", t->large.bytes);
    put(total, "large_asked_bytes", t->large.asked);
    put(total, "large_cached", t->large.cached);
    put(total, "large_cached_bytes", t->large.cached_bytes);
    put(total, "large_peak_bytes", t->large.peak_bytes);
    return total;
}

static struct json_object *of_account(const struct snapshot *s, const struct residency *residency) {
    struct account account;
    struct json_object *list = json_object_new_array();
    account_make(&account, s, residency);
    for (int i = 0; i < account.count; i++) {
        const struct account_line *line = &account.line[i];
        struct json_object *row = json_object_new_object();
        put_text(row, "item", line->key);
        put_bool(row, "sum", line->kind == ACCOUNT_SUM);
        json_object_object_add(row, "bytes", json_object_new_int64(line->bytes));
        put_text(row, "what", line->note);
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *of_residency(const struct residency *r) {
    struct json_object *object = json_object_new_object();
    put(object, "rss_bytes", r->resident);
    put_bool(object, "rss_exact", r->resident_exact);
    if (!r->measured)
        return object;
    put(object, "arenas_bytes", r->arenas);
    put(object, "large_bytes", r->large);
    put(object, "cached_bytes", r->cached);
    put(object, "metadata_bytes", r->metadata);
    put(object, "swapped_bytes", r->swapped);
    return object;
}

static void put_source(struct json_object *object, const struct target *target) {
    const struct snapshot *s = &target->snapshot;
    bool exact = s->source == SNAPSHOT_EXACT;
    put_text(object, "source", exact ? "exact" : "page");
    put_bool(object, "ended", !exact && !s->writer_alive);
    json_object_object_add(object, "age",
                           json_object_new_double(exact ? 0 : (double)show_age(s) / 1e9));
    json_object_object_add(object, "reading", json_object_new_double((double)s->reading / 1e9));
    put(object, "bound_bytes", exact ? 0 : s->total.bound_bytes);
    put(object, "bound_blocks", exact ? 0 : s->total.bound_blocks);
    if (exact)
        return;
    put_bool(object, "one_moment", s->one_moment);
    put(object, "rows_lost", s->rows_lost);
    put(object, "arenas_truncated", s->arenas_truncated);
    put(object, "heaps_truncated", s->heaps_truncated);
    json_object_object_add(object, "publication_cost",
                           json_object_new_double((double)s->cost / 1e9));
    json_object_object_add(object, "publication_interval",
                           json_object_new_double((double)s->interval / 1e9));
    put_text(object, "page", target->page);
}

struct json_object *show_json(const struct target *target, const struct residency *residency,
                              unsigned parts) {
    const struct snapshot *s = &target->snapshot;
    struct json_object *object = json_object_new_object();
    put(object, "pid", (uint64_t)target->process.pid);
    put_text(object, "program", target->process.name);
    put_source(object, target);
    json_object_object_add(object, "total", of_total(&s->total));
    json_object_object_add(object, "resident", of_residency(residency));
    json_object_object_add(object, "account", of_account(s, residency));
    if (parts & SHOW_ARENAS)
        json_object_object_add(object, "arenas", of_arenas(s));
    if (parts & SHOW_CLASSES)
        json_object_object_add(object, "classes", of_classes(s));
    if (parts & SHOW_HEAPS)
        json_object_object_add(object, "heaps", of_heaps(s));
    if (parts & SHOW_EVENTS)
        json_object_object_add(object, "events", of_events(s));
    return object;
}
