/* What the allocator knows of itself, in the forms that glibc gives its programs: mallinfo,
 * mallinfo2, malloc_info, malloc_stats. In bytes; `poolstat` tells more. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "export.h"
#include "root.h"
#include "rows.h"

struct info {
    struct rows_total total;
    struct rows_class classes[ROWS_CLASSES];
    uint32_t class_count;
    uint64_t small_live; /* held by the program in pools and runs */
    uint64_t small_free; /* the rest of their arenas' memory that is not with the system */
    uint64_t free_blocks;
};

/* Every number was true at some moment of the call; all zero if the records are unreadable. */
static void info_read(struct info *info) {
    memset(info, 0, sizeof *info);
    struct rows_visit visit = {.classes = info->classes};
    if (!rows_read(&rows_self, &libpool_root, &info->total, &visit))
        return;
    const struct rows_total *total = &info->total;
    info->class_count = visit.class_count;
    info->small_live = total->live_bytes - total->large.bytes;
    info->small_free = total->free_bytes + total->uncarved_bytes + total->rounding_bytes +
                       total->cached_bytes - total->large.cached_bytes;
    for (uint32_t i = 0; i < info->class_count; i++)
        info->free_blocks += info->classes[i].free_blocks;
}

EXPORT struct mallinfo2 mallinfo2(void) {
    struct info info;
    info_read(&info);
    return (struct mallinfo2){
        .arena = info.small_live + info.small_free,
        .ordblks = info.free_blocks,
        .hblks = info.total.large.blocks,
        .hblkhd = info.total.large.bytes,
        .uordblks = info.small_live,
        .fordblks = info.small_free,
        .keepcost = info.total.cached_bytes,
    };
}

static int clip(size_t number) {
    return number < INT_MAX ? (int)number : INT_MAX;
}

/* The old form, whose numbers end at 2 GiB: there they stay, where glibc's wrap. */
EXPORT struct mallinfo mallinfo(void) {
    struct mallinfo2 info = mallinfo2();
    return (struct mallinfo){
        .arena = clip(info.arena),
        .ordblks = clip(info.ordblks),
        .hblks = clip(info.hblks),
        .hblkhd = clip(info.hblkhd),
        .uordblks = clip(info.uordblks),
        .fordblks = clip(info.fordblks),
        .keepcost = clip(info.keepcost),
    };
}

static void print_class(FILE *stream, const struct rows_class *row) {
    if (row->pools == 0)
        return;
    fprintf(stream,
            "    <size bytes=\"%u\" pools=\"%u\" live=\"%llu\" free=\"%llu\" capacity=\"%llu\"/>\n",
            row->block_size, row->pools, (unsigned long long)row->live_blocks,
            (unsigned long long)row->free_blocks, (unsigned long long)row->capacity);
}

static void print_total(FILE *stream, const char *type, uint64_t count, uint64_t bytes) {
    fprintf(stream, "  <total type=\"%s\" count=\"%llu\" size=\"%llu\"/>\n", type,
            (unsigned long long)count, (unsigned long long)bytes);
}

static void print_system(FILE *stream, const char *type, uint64_t bytes) {
    fprintf(stream, "  <system type=\"%s\" size=\"%llu\"/>\n", type, (unsigned long long)bytes);
}

/* XML. The names of glibc's format keep their meaning: rest is what is free, mmap the blocks with
 * a mapping of their own, current what the allocator has from the system. */
EXPORT int malloc_info(int options, FILE *stream) {
    if (options != 0)
        return EINVAL;
    struct info info;
    info_read(&info);
    const struct rows_total *total = &info.total;
    fprintf(stream, "<malloc version=\"libpool-1\">\n  <sizes>\n");
    for (uint32_t i = 0; i < info.class_count; i++)
        print_class(stream, &info.classes[i]);
    fprintf(stream, "  </sizes>\n");
    print_total(stream, "live", total->live_blocks, total->live_bytes);
    print_total(stream, "rest", info.free_blocks, info.small_free);
    print_total(stream, "mmap", total->large.blocks, total->large.bytes);
    print_system(stream, "current",
                 info.small_live + info.small_free + total->large.bytes +
                     total->large.cached_bytes + total->metadata_bytes);
    print_system(stream, "cached", total->cached_bytes);
    print_system(stream, "metadata", total->metadata_bytes);
    fprintf(stream, "  <arenas count=\"%u\"/>\n  <heaps count=\"%u\" live=\"%u\"/>\n</malloc>\n",
            total->arenas, total->heaps, total->live_heaps);
    return ferror(stream) ? EIO : 0;
}

static void print_line(const char *name, uint64_t bytes, const char *meaning) {
    fprintf(stderr, "  %-10s %16llu  %s\n", name, (unsigned long long)bytes, meaning);
}

EXPORT void malloc_stats(void) {
    struct info info;
    info_read(&info);
    const struct rows_total *total = &info.total;
    fprintf(stderr, "libpool: %u arenas, %u pools, %u heaps (%u of running threads)\n",
            total->arenas, total->pools, total->heaps, total->live_heaps);
    print_line("live", total->live_bytes, "bytes held by the program");
    print_line("large", total->large.bytes, "of these in blocks with a mapping of their own");
    print_line("free", total->free_bytes, "in free blocks of pools in use");
    print_line("uncarved", total->uncarved_bytes, "never handed out, mostly untouched");
    print_line("rounding", total->rounding_bytes, "beyond what was asked for, as far as known");
    print_line("cached", total->cached_bytes, "free and kept for reuse");
    print_line("returned", total->clean_bytes, "reserved, with the system");
    print_line("metadata", total->metadata_bytes, "the allocator's own records");
}
