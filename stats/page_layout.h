/* Where the sections of this build's page lie. */
#ifndef STATS_PAGE_LAYOUT_H
#define STATS_PAGE_LAYOUT_H

#include "page.h"

struct page_layout {
    uint32_t offset, stride, capacity;
};

static const struct page_layout page_layout[PAGE_SECTIONS] = {
    [PAGE_TOTALS] = {PAGE_TOTALS_AT, PAGE_STRIDE(struct rows_total), 2},
    [PAGE_CLASSES] = {PAGE_CLASSES_AT, PAGE_STRIDE(struct rows_class), ROWS_CLASSES},
    [PAGE_HEAPS] = {PAGE_HEAPS_AT, PAGE_STRIDE(struct rows_heap), PAGE_HEAPS_MAX},
    [PAGE_ARENAS] = {PAGE_ARENAS_AT, PAGE_STRIDE(struct rows_arena), PAGE_ARENAS_MAX},
};

#endif
