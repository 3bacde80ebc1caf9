/* The file behind the shared page, from the writer's side: making it, letting it grow, removing
 * it. Same conditions as publish.h; not thread-safe, the caller excludes other threads. */
#ifndef STATS_PAGE_FILE_H
#define STATS_PAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct page_file {
    struct page_header *page;     /* NULL: none */
    size_t mapped;                /* bytes of the file mapped at `page` */
    size_t backed[PAGE_SECTIONS]; /* end of what has memory behind it, as an offset in the file */
    bool fixed;                   /* the kernel cannot back more without risking SIGBUS */
    int pid;
    char path[PAGE_NAME_MAX];
};

/* Makes the page of this process and fills in the header. `exe` is used where /proc does not
 * name the program. False, with nothing left behind, when there can be none at present. */
bool page_file_create(struct page_file *file, const char *exe);

/* Makes `rows` rows of a section writable; may move file->page. Returns how many are. */
uint32_t page_file_reach(struct page_file *file, enum page_section_id id, uint32_t rows);

/* Removes the file; the mapping stays, for a thread that may be writing. */
void page_file_remove(struct page_file *file);

/* Where the row lies in the mapping; it must have been reached. */
static inline struct page_row *page_file_row(const struct page_file *file, uint32_t offset,
                                             uint32_t stride, uint32_t index) {
    return (struct page_row *)((char *)file->page + offset + (size_t)stride * index);
}

#endif
