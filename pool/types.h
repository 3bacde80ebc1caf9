/* The data model of libpool on one page.
 *
 * Glossary (one meaning each, everywhere in the project)
 *   block       what the caller holds; 16-byte aligned or better
 *   size class  a block size; every block of a pool has the same one
 *   pool        32 KiB, aligned to 32 KiB, cut into blocks of one class
 *   run         whole pools side by side serving one block of 16 KiB .. 512 KiB
 *   arena       one 2 MiB OS mapping, aligned to 2 MiB (a huge page), cut into 64 pools
 *   heap        one thread's pools by class; outlives the thread, is adopted by a later one
 *   large       a block above 512 KiB (or aligned to more than a pool)
 *   region      address space in which large blocks lie side by side
 *   extent      a stretch of a region: a large block or free
 *
 *      arena 2 MiB                                     pool records (the address map)
 *     +--------+--------+--------+-- --+--------+      index = (address >> 15) & mask
 *     | pool 0 | pool 1 | run----+---->| pool 63|      +-----+-----+-----+-----+----
 *     +--------+--------+--------+-- --+--------+      | rec | rec | rec | rec | ...
 *       |                                              +-----+-----+-----+-----+----
 *       +--> | block | block | free --> free | uncarved ...  |   128 bytes each
 *
 * The records do not lie in the pools (heads of aligned pools collide in the same cache sets,
 * and power-of-two blocks would no longer fill the pool) but in one directly mapped table: any
 * pointer whatever leads to a record, and the record says whether the pointer is its own. Two
 * live arenas never share a record; arena.c places arenas so.
 *
 * A free block of up to 1 KiB (a fine class) carries its list link in its first 8 bytes:
 *     0        2        4                8
 *     | next   | unused | mark           |     next = low 16 address bits of the next free block
 * mark = MARK, or MARK_LAST in the last block of a list. Allocation clears it, so `mark` in a
 * block being freed makes it a suspect; the list decides (data may equal a mark by chance).
 * Handing out a block requires MARK: that one comparison is the end-of-list test and the check
 * that nobody wrote into the freed block. Blocks of the coarse classes, above 1 KiB, carry nothing:
 * their pools have a bit for each (coarse.h).
 *
 * Pool states                                       bound       on which list of the heap
 *   POOL_NONE      not a pool of any heap             0          none; the arena owns it
 *   POOL_USED      has a free block on its list     armed        slot[class] or partial[class]
 *                  coarse: a free block, not spare    0          partial[class]
 *   POOL_FULL      no free block, nothing to carve    0          none
 *                  coarse: none but spares            0          none
 *   POOL_RUN       first pool of a run                0          none; heap.spare if kept
 *   POOL_BODY      the rest of a run                  0          none
 *   POOL_LARGE     the 32 KiB a large block starts in 0          libpool_root.large_blocks
 *
 * Who may write what
 *   heap thread: top, bound, carved, held, state USED<->FULL, next, prev, resting, tls
 *   arena lock : state NONE<->other (a pool that goes from class to class within a heap is NONE
 *                between, by its owner), heap, arena fields, run_*; key/mult/... while NONE
 *   any thread : mail, mail_next (atomic: remote.c states the protocol)
 *   spare_bound: the heap thread; 0 also whoever returns the pool to its arena; of a run run_new
 *   of a run   : whose it is (key, heap), held, asked, and with the arena lock its length: who has
 *                it, the program's thread that frees or resizes it or the heap that keeps it.
 *                Whoever keeps it writes key and heap before held
 *
 * Invariants (check.c runs them in debug builds)
 *   fine:   quota + 1 == used + resting            (top holds head and quota in one 32-bit store,
 *                                                   so a fork never sees one without the other)
 *           length(list) + used == carved          (blocks in the mail count as used)
 *           carved <= capacity == 32768 / block_size
 *           bound == 0  or  bound == class bound   (armed exactly in POOL_USED)
 *           slot[class] is the empty pool or is POOL_USED with a non-empty list
 *   coarse: held == bits of used blocks, and HELD_RESTING if it rests
 *           bound == 0, carved == capacity, slot[class] is the empty pool
 *           spare_bound == (POOL_FULL ? class bound : 0); of runs 1, of all others 0
 *           POOL_FULL: its free blocks, and no others of it, are in heap.spare, each once
 *   run:    held == HELD_RESTING if kept by the heap, in whose spares it is once; in use: and the
 *           bit of its start.  key tells the heap that took or kept it last (run.h)
 *           heap.run_bytes == bytes of its spares that are runs
 */
#ifndef POOL_TYPES_H
#define POOL_TYPES_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock.h"
#include "racy.h"

#define POOL_SHIFT  15
#define POOL_BYTES  ((size_t)1 << POOL_SHIFT)
#define ARENA_SHIFT 21
#define ARENA_BYTES ((size_t)1 << ARENA_SHIFT)
#define ARENA_POOLS 64

#define MIN_ALIGN     16
#define FINE_MAX      1024                /* up to here class = ceil(size / 16) finds the slot */
#define SMALL_MAX     16384               /* requests up to here are blocks of a pool */
#define RUN_MAX       ((size_t)512 << 10) /* up to here a run, above: large */
#define RUN_MAX_POOLS (RUN_MAX / POOL_BYTES)
#define FINE_CLASSES  65 /* 0 .. 64; class 0 is never used, it stands for a request of 0 bytes */
#define CLASS_MAX     96 /* upper bound of the number of classes, tables are this long */
/* Above FINE_MAX. A run of n pools stands in the place of a class of its own, behind these. */
#define COARSE_CLASSES 27
#define RUN_CLASS      (FINE_CLASSES + COARSE_CLASSES) /* pool.size_class of a run of one pool */
#define SPARE_ROWS     (COARSE_CLASSES + RUN_MAX_POOLS)

/* Marks differ from what programs keep at that place: the top byte is no UTF-8, no pointer's and
 * no usual double's. free() looks at that byte alone (one compare catches both marks). */
#define MARK_BYTE 0xf7
#define MARK      0xf7a5c31dU
#define MARK_LAST 0xf75ac3e2U

struct link {
    uint16_t next;
    uint16_t unused;
    uint32_t mark;
};

/* In pool.held: no block starts so near the pool's end. Of a run always set: as if there were
 * another block in use, so that it is never given back for being empty. */
#define HELD_RESTING ((uint32_t)1 << 31)

enum pool_state { POOL_NONE, POOL_USED, POOL_FULL, POOL_RUN, POOL_BODY, POOL_LARGE };

#define QUOTA_ONE 0x10000u /* one unit of the quota half of pool.top */
#define NO_HEAD   0xffffu  /* head half of pool.top when the list is empty */

struct pool {
    /* What every free of a block of the pool reads, and other threads write: one cache line. */
    uint64_t key;      /* -(base + id of the owning heap) */
    uint64_t mult;     /* floor(2^64 / block_size) + 1 */
    uint64_t bound;    /* armed: see size_class.h; 0 sends every free to the slow path */
    struct heap *heap; /* owner; of a run: who took or kept it last; large: none */
    union {
        struct pool *mail_next; /* next pool with mail for the same heap */
        struct extent *extent;  /* large: where it lies */
    };
    _Atomic uint64_t mail; /* blocks freed by other threads: see MAIL_ONE */
    union {
        size_t large_asked; /* large: bytes asked for */
        struct {
            uint32_t held;  /* coarse class, run: class_coarse_bit of blocks in use; HELD_RESTING */
            uint32_t asked; /* run: bytes asked for */
        };
    };
    uint16_t block_size;  /* bytes; of a run: 0 */
    uint16_t carved;      /* blocks handed to the list so far */
    uint16_t spare_bound; /* as `bound`, of blocks that become spares when the owner frees them: of
                             a full coarse pool all, of a run the one; else 0 */
    uint8_t size_class;
    uint8_t state; /* enum pool_state */

    /* What the owner's malloc and free write: a line of its own, or each would take the other
     * line from every thread that frees here. */
    alignas(64) char *origin; /* base rounded down to 64 KiB: what list links count from */
    uint32_t top;             /* quota << 16 | link to the first free block */
    uint8_t resting; /* 1: free but kept by a heap. Class pools: one quota is held back, so that
                        free need not look; large blocks: in heap.big */
    uint8_t fresh;   /* 1: beyond the carved blocks memory is zero and untouched */
    uint8_t touched; /* memory pages from its start that were cut into blocks since the OS gave
                        them: what goes round from class to class touches no more each time */
    struct pool *next, *prev; /* partial list; large: list of all */
    struct arena *arena;
    char *base;         /* first byte of the pool, run or large block */
    uint32_t run_pools; /* run: number of pools */
    uint16_t capacity;  /* class pool: blocks */
    union {
        size_t map_bytes; /* run, large: bytes of the pools, of the extent */
        struct {
            uint32_t rest_index; /* class pool: position in heap.rest */
            uint32_t rest_bytes; /* what it counted for in heap.rest_bytes */
        };
    };
};
static_assert(sizeof(struct pool) == 128, "the address map shifts by 8 to reach a record");
static_assert(offsetof(struct pool, origin) == 64,
              "owner's fields and other threads' in own lines");
static_assert(POOL_BYTES / MIN_ALIGN <= 0x1000, "quota and offsets fit 16 bits");
static_assert(ARENA_BYTES / POOL_BYTES == ARENA_POOLS, "one 64-bit map per arena");
static_assert(sizeof(struct link) == 8 && sizeof(struct link) <= MIN_ALIGN,
              "a link fits any block");

/* Owner of every field: arena lock. */
struct arena {
    char *base;
    uint64_t free;      /* bit i: pool i is free */
    uint64_t dirty;     /* bit i: pool i has been touched since the OS gave it (free or not) */
    uint64_t leaving;   /* bit i: pool i, free before, is being given back to the OS */
    uint32_t index;     /* number of this arena since the start of the process */
    uint8_t free_count; /* bits set in free */
    uint8_t huge;       /* a huge page was asked for, and nothing of it was given back yet */
    uint8_t whole;      /* may be a huge page, asked for or not: nothing was given back yet */
    struct arena *next, *prev;         /* bucket of arenas with as many free pools */
    struct arena *all_next, *all_prev; /* every live arena */
};

struct pool_list {
    struct pool *first, *last;
};

enum heap_state { HEAP_LIVE, HEAP_ABANDONED, HEAP_TORN };

#define REST_MAX        64
#define SPARE_MAX       63 /* with 16, blocks of 1 to 4 KB replaced at random took 1.3 of the time */
#define SPARE_ROW_BYTES ((SPARE_MAX + 1) * sizeof(void *))
#define BIG_MAX         32 /* the bits of big_used */

/* Owner: its thread, unless stated. */
struct heap {
    /* What other threads read at every free here, and hardly anybody writes. */
    alignas(64) uint64_t id; /* (index + 1) << 20: no difference looks like an offset in a pool */
    uint32_t index;
    _Atomic int state;           /* registry lock, read anywhere */
    _Atomic int tid;             /* kernel thread id of the owner, 0 when abandoned */
    struct thread *thread;       /* its thread's slots; NULL when abandoned */
    struct heap *next_abandoned; /* registry lock */
    struct heap *next_all;       /* set once */

    /* What they write. */
    alignas(64) _Atomic(struct pool *) mail; /* stack of pools with mail; the owner takes it */
    _Atomic uint32_t waiting;                /* pools in the mail, about */
    _Atomic uint32_t done; /* of these, pools of which every block is in the mail, about */
    struct lock reclaim;   /* of who gives such pools back in the owner's place */
    struct thread *_Atomic reclaimer; /* who that is */

    alignas(64) uint32_t ticks;
    uint8_t rare_ticks;                  /* overflows */
    uint64_t ticked_ms;                  /* when what depends on time was last looked at */
    uint32_t asks;                       /* the class that is being served */
    struct pool_list partial[CLASS_MAX]; /* pools with free blocks, oldest first */
    struct pool *rest[REST_MAX];         /* pools that became empty, kept a while */
    uint32_t rest_first, rest_next;      /* oldest may be, next will be; modulo REST_MAX */
    uint32_t rest_bytes;
    struct extra {
        uint32_t bytes;       /* that may be kept beyond any heap's share */
        uint64_t ended;       /* bytes that went back for want of room, in this period */
        uint64_t period_ends; /* ms */
    } rest_extra, big_extra;
    /* Large blocks freed last, kept a while. (Runs lie among the spares.) */
    struct pool *big_newest;       /* NULL: taken again */
    struct pool *big[BIG_MAX];     /* the others, in any order */
    uint32_t big_used;             /* bit i: big[i] is one */
    uint32_t big_hand;             /* the search for an old one goes on here */
    uint32_t big_bytes, big_limit; /* of these; 0: not computed yet */
    uint32_t run_bytes, run_limit; /* of kept runs */
    uint32_t run_grant;            /* part of run_limit that all heaps share (big.c) */
    uint64_t mail_blocks;          /* blocks freed by others and collected, ever */
    struct class_count {
        _Atomic uint32_t pools; /* reclaim.c takes some away */
        uint32_t list;          /* blocks on the list that was last taken into use */
        uint64_t refills;       /* times a list was taken into use */
        uint64_t refilled; /* blocks on those lists: allocations served by lists that ran out */
    } count[CLASS_MAX];
    uint8_t source[FINE_CLASSES + SPARE_ROWS]; /* the class whose pools serve each class: itself or
                                                  its group's end */
    uint8_t lent_to[CLASS_MAX]; /* the lowest class that may borrow the current pool; 0: none */
    uint32_t serves[CLASS_MAX]; /* bit i: class - i has this class as its source */
    /* times memory was touched for the class while it was served by its group */
    uint8_t wanted[CLASS_MAX];
    uint32_t spare_bytes[SPARE_ROWS]; /* that each counts for in run_bytes: a run's, else 0 */
    void **spare_last[SPARE_ROWS];    /* where in its row the one freed last lies; place 0: none */
    /* Place 0 stays unused: low bits of an address tell an empty row, and a full one. */
    alignas(SPARE_ROW_BYTES) void *spare[SPARE_ROWS][SPARE_MAX + 1];
};
static_assert(BIG_MAX == 8 * sizeof(((struct heap *)NULL)->big_used),
              "one bit for each kept block");

/* In the thread's static TLS, which is scarce for a dlopen'ed library: below 1 KiB. */
struct thread {
    uint64_t id; /* of the heap; 0 when none: no pool's key matches then */
    struct heap *heap;
    struct pool *slot[CLASS_MAX]; /* the pool each class allocates from; never NULL */
    bool left;                    /* it has handed a heap over: it is about to end */
};
static_assert(sizeof(struct thread) <= 1024, "static TLS to spare after dlopen is about 1.6 KiB");

#endif
