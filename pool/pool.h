/* The allocator: what preload/, stats/ and tests/ may call.
 *
 * Every function is thread-safe unless it says otherwise, calls nothing of libc's allocation,
 * prints nothing, and leaves errno alone except for ENOMEM where it returns NULL.
 * Sizes and alignments are in bytes.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Blocks. NULL and ENOMEM when memory is short or `size` exceeds PTRDIFF_MAX. */
void *pool_malloc(size_t size);
void *pool_calloc(size_t count, size_t size);
/* NULL `block` allocates; a size of 0 gives a minimal block, never NULL for success. */
void *pool_realloc(void *block, size_t size);
/* `align`: a power of two up to 1 GiB (anything else: NULL and EINVAL). */
void *pool_aligned(size_t align, size_t size);
/* NULL is ignored; what is not a live block ends in the misuse hook. */
void pool_free(void *block);
/* Bytes usable in a live block; 0 for NULL; misuse hook for what is not a block. */
size_t pool_usable(const void *block);

/* Whose pointer is this? Never touches the memory behind it. */
enum pool_kind {
    KIND_FOREIGN,  /* nothing of libpool's */
    KIND_BLOCK,    /* start of a block of a pool */
    KIND_INTERIOR, /* inside a block, or in a pool's unused tail */
    KIND_RUN,      /* start of a block of 16 KiB .. 512 KiB */
    KIND_LARGE,    /* start of a large block */
    KIND_FREED,    /* in an arena, but in no pool at present */
};
enum pool_kind pool_classify(const void *p);

/* What is known of the place p points to. Takes the large lock for large blocks only. */
struct pool_place {
    enum pool_kind kind;
    const void *start; /* of the block, NULL when not in one */
    size_t bytes;      /* of the block */
    bool free;         /* it is free */
};
struct pool_place pool_place(const void *p);

/* Called, if set, when a program misuses memory; must not return. */
enum pool_misuse {
    MISUSE_DOUBLE_FREE,    /* the block is free already */
    MISUSE_INVALID_FREE,   /* pointer to nothing of libpool's, or to memory given back */
    MISUSE_INTERIOR_FREE,  /* inside a block, not its start */
    MISUSE_UNALIGNED_FREE, /* not a multiple of 16 */
    MISUSE_CORRUPT_LINK,   /* someone wrote into a freed block */
};

/* Called on slow paths, at most every few milliseconds of a thread's work and with no lock held:
 * this is where statistics are published. `now_ms` is CLOCK_MONOTONIC_COARSE in milliseconds. */
struct pool_hooks {
    void (*misuse)(enum pool_misuse what, const void *p, const char *function);
    void (*tick)(uint64_t now_ms);
};
/* To be called once, early, with static storage; before it, misuse traps. */
void pool_set_hooks(const struct pool_hooks *hooks);

/* Values a run-time option may change at any time. */
struct pool_conf {
    size_t keep_bytes;   /* free memory kept from the OS whatever is live (default 512 KiB) */
    unsigned keep_share; /* and this share of what is live, in 1/256 (default 8: 3 %) */
    unsigned decay_ms;   /* half-life of what bounces add to it (default 1000) */
    bool huge;           /* ask for huge pages on growing heaps (default true) */
};
extern struct pool_conf pool_conf;

/* Gives back to the OS everything free: of this thread's heap, of heaps whose thread has ended,
 * of arenas and cached mappings, but `keep` bytes. True if anything was given back. */
bool pool_trim(size_t keep);

/* Threads. The exit function hands the calling thread's heap over to a later thread; the thread
 * may go on allocating and gets a heap again. */
void pool_thread_exit(void);
/* Called once by the library when a thread gets its heap: preload/ arms its exit hook there. */
void pool_on_thread_start(void (*hook)(void));

/* Fork: prepare takes every lock of the allocator in order; parent and child set them free, the
 * child also makes the heaps of threads it does not have ready for adoption. */
void pool_fork_prepare(void);
void pool_fork_parent(void);
void pool_fork_child(void);

#endif
