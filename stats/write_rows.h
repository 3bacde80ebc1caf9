/* One walk over the allocator's rows, written into the page. Same conditions as publish.h. */
#ifndef STATS_WRITE_ROWS_H
#define STATS_WRITE_ROWS_H

#include "page_file.h"

/* Writes rows and counts as publication number `publication` (1, 2, ...), true at `now`. May let
 * the page grow and so move file->page. False, with the old figures in place, when the allocator
 * could not be read. Not thread-safe. */
bool write_rows(struct page_file *file, uint32_t publication, uint64_t now);

/* The same at the end of the process, without a lock: the end may have come in a signal handler,
 * in the middle of an allocation, and then the lock is this thread's own. */
bool write_last_rows(struct page_file *file, uint32_t publication, uint64_t now);

#endif
