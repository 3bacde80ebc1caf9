/* The memory of large blocks: taken from regions and kept in them within decay's allowance. */
#ifndef POOL_MAPPING_H
#define POOL_MAPPING_H

#include "extent.h"
#include "os.h"

/* What of an extent may be other than zero. */
struct mapping_dirt {
    char *at;
    size_t bytes;
    struct extent *donor; /* warm and too small, in use: its memory is to move to the new place */
};

/* How a place is chosen. A block that grows gets one to grow on in; one that can be moved by the
 * kernel needs untouched memory, any other had better be warm. */
enum mapping_use { MAPPING_NEW, MAPPING_COPY, MAPPING_MOVE };

/* Under the arena lock: an extent for `bytes`, a multiple of OS_PAGE, at a multiple of `align`, a
 * power of two >= 4096, where the record is nobody's. NULL: no memory, or for MAPPING_COPY none
 * that is warm. */
struct extent *mapping_take(size_t bytes, size_t align, enum mapping_use use,
                            struct mapping_dirt *dirt);
/* Under the arena lock: an extent in use grows in place, by `least` and up to `most` bytes. The
 * bytes it grew by; 0: not possible. */
size_t mapping_extend(struct extent *extent, size_t least, size_t most);
/* Under the arena lock: its first `bytes` stay in use, the rest is kept. */
void mapping_cut(struct extent *extent, size_t bytes);
/* Under the arena lock: what nobody uses is kept; nothing goes back yet. */
void mapping_keep(struct extent *extent);
/* Under the arena lock: the same for what reads as zero and is not resident. */
void mapping_emptied(struct extent *extent);

/* The following take the arena lock. */
/* Moves the donor's memory to the start of the untouched extent, which is dirty there then. False:
 * the extent is lost, nothing may be mapped there. */
bool mapping_fill(struct extent *extent, struct mapping_dirt *dirt);
/* Moves all of one used extent's memory to another's start; the first reads as zero then. */
enum os_move mapping_move(struct extent *from, struct extent *to);
/* For untouched memory: asks for huge pages if it is long and it is time for them. */
void mapping_ask_for_huge(struct extent *extent);
/* Gives kept memory back as far as it is not allowed. */
void mapping_limit(void);
/* Gives kept memory back until at most `most` bytes are kept; for 0 address space too. */
bool mapping_purge(uint64_t most);

#endif
