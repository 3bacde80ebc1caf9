/* Threads that allocate, check, resize, hand over and free blocks at random, end and begin again,
 * while another reads the rows and trims: every block must keep its bytes until it is freed, and
 * in the end nothing may be live. Made for the sanitizers; sound without them too.
 *
 *     pool-model [SECONDS [SEED]]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pool.h"
#include "root.h"
#include "types.h"

#define THREADS         4
#define HELD            400
#define BOXES           256
#define STEPS_OF_A_LIFE 4000

struct block {
    unsigned char *at;
    size_t size;
    uint64_t tag;
};

/* A box holds a block that anybody may take; its owner's name for it lies in the block itself. */
struct parcel {
    size_t size;
    uint64_t tag;
};
static _Atomic(struct parcel *) box[BOXES];
static _Atomic int over;
static uint64_t seed = 1;

static _Noreturn void fail(const char *what, const void *p) {
    fprintf(stderr, "model, seed %llu: %s: %p\n", (unsigned long long)seed, what, p);
    abort();
}

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t any_size(uint64_t *state) {
    unsigned kind = next(state) % 64;
    if (kind == 0)
        return RUN_MAX + next(state) % RUN_MAX;
    if (kind < 3)
        return SMALL_MAX + next(state) % (RUN_MAX / 4);
    return sizeof(struct parcel) + next(state) % (kind < 10 ? SMALL_MAX : 600);
}

/* First and last bytes: enough to see two blocks overlap or a list link in a live one. */
static void write_tag(const struct block *block) {
    struct parcel head = {block->size, block->tag};
    memset(block->at + block->size - 1, (int)(block->tag & 0xff), 1);
    memcpy(block->at, &head, sizeof head);
}

static void check_tag(const struct block *block) {
    struct parcel head;
    memcpy(&head, block->at, sizeof head);
    if (head.size != block->size || head.tag != block->tag)
        fail("the beginning of a block was changed", block->at);
    if (block->size > sizeof head && block->at[block->size - 1] != (block->tag & 0xff))
        fail("the end of a block was changed", block->at);
}

/* Half of a life's blocks are alike: of one size and made in one way, so that one class goes
 * through all that may happen to a class. */
static _Thread_local struct {
    size_t size, align;
    unsigned how;
} usual;

static void choose_usual(uint64_t *state) {
    usual.size = sizeof(struct parcel) + next(state) % 1100;
    usual.align = (size_t)16 << next(state) % 2;
    usual.how = next(state) % 3;
}

static struct block make(uint64_t *state) {
    bool alike = next(state) % 2 == 0;
    struct block block = {NULL, alike ? usual.size : any_size(state), next(state)};
    unsigned how = alike ? usual.how : next(state) % 8;
    if (how == 0) {
        block.at = pool_calloc(1, block.size);
        if (block.at != NULL && (block.at[0] != 0 || block.at[block.size / 2] != 0))
            fail("not clear", block.at);
    } else if (how == 1) {
        size_t align = alike ? usual.align : (size_t)16 << next(state) % 10;
        block.at = pool_aligned(align, block.size);
        if (((uintptr_t)block.at & (align - 1)) != 0)
            fail("not aligned", block.at);
    } else {
        block.at = pool_malloc(block.size);
    }
    if (block.at == NULL)
        fail("no memory", NULL);
    write_tag(&block);
    return block;
}

static void discard(struct block *block) {
    check_tag(block);
    pool_free(block->at);
    block->at = NULL;
}

static void resize(struct block *block, uint64_t *state) {
    check_tag(block);
    size_t was = block->size, size = any_size(state);
    unsigned char *to = pool_realloc(block->at, size);
    struct parcel head;
    if (to == NULL)
        fail("no memory to resize", block->at);
    memcpy(&head, to, sizeof head);
    if (head.size != was || head.tag != block->tag)
        fail("lost when resized", to);
    block->at = to;
    block->size = size;
    write_tag(block);
}

/* Puts the block into a box; what lay there is ours now. */
static void exchange(struct block *block, uint64_t *state) {
    check_tag(block);
    struct parcel *taken = atomic_exchange(&box[next(state) % BOXES], (struct parcel *)block->at);
    block->at = NULL;
    if (taken == NULL)
        return;
    struct parcel head;
    memcpy(&head, taken, sizeof head);
    *block = (struct block){(unsigned char *)taken, head.size, head.tag};
    if (next(state) % 2 == 0)
        discard(block);
}

static void live(struct block *held, uint64_t *state) {
    choose_usual(state);
    for (int step = 0; step < STEPS_OF_A_LIFE; step++) {
        struct block *block = &held[next(state) % HELD];
        if (block->at == NULL) {
            *block = make(state);
            continue;
        }
        switch (next(state) % 8) {
        case 0:
            resize(block, state);
            break;
        case 1:
        case 2:
            exchange(block, state);
            break;
        case 3:
            check_tag(block);
            if (pool_usable(block->at) < block->size || pool_place(block->at).start != block->at)
                fail("not known", block->at);
            break;
        default:
            discard(block);
        }
    }
}

struct player {
    _Alignas(4096) char stack[2 << 20];
    pthread_t thread;
    struct block held[HELD];
    uint64_t state;
};

/* One life; what it holds is its successor's. */
static void *play(void *context) {
    struct player *player = context;
    live(player->held, &player->state);
    pool_thread_exit();
    return NULL;
}

/* Lives have a stack that stays mapped: one that libc unmaps may become a block's mapping, and the
 * thread sanitizer, which does not see that, would find the stack's writes racing with the block's.
 */
static void *play_on(void *context) {
    struct player *player = context;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0 ||
        pthread_attr_setstack(&attr, player->stack, sizeof player->stack) != 0)
        fail("no stack", NULL);
    while (!over) {
        pthread_t life;
        if (pthread_create(&life, &attr, play, player) != 0 || pthread_join(life, NULL) != 0)
            fail("no thread", NULL);
    }
    pthread_attr_destroy(&attr);
    return NULL;
}

static void expect_sum(const struct rows_total *total) {
    uint64_t sum = total->live_bytes + total->free_bytes + total->uncarved_bytes +
                   total->rounding_bytes + total->cached_bytes + total->clean_bytes;
    if (sum != total->arenas * ARENA_BYTES + total->large.bytes + total->large.cached_bytes)
        fail("the rows do not add up", NULL);
}

static void *read_and_trim(void *context) {
    unsigned rounds = 0;
    (void)context;
    while (!over) {
        struct rows_total total;
        struct rows_visit visit = {0};
        if (!rows_read(&rows_self, &libpool_root, &total, &visit))
            fail("rows unreadable", NULL);
        if (++rounds % 16 == 0)
            pool_trim(0);
        nanosleep(&(struct timespec){0, 3000000}, NULL);
    }
    pool_thread_exit();
    return NULL;
}

static void free_all(struct player *player) {
    for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < HELD; i++)
            if (player[t].held[i].at != NULL)
                discard(&player[t].held[i]);
    for (int i = 0; i < BOXES; i++)
        pool_free(box[i]);
}

static void expect_nothing(void) {
    struct rows_total total;
    if (!rows_read(&rows_self, &libpool_root, &total, NULL))
        fail("rows unreadable", NULL);
    expect_sum(&total);
    if (total.live_blocks != 0 || total.live_bytes != 0) {
        fprintf(stderr, "live: %lld blocks, %lld bytes\n", (long long)total.live_blocks,
                (long long)total.live_bytes);
        fail("all is freed, but not all is known to be", NULL);
    }
    pool_trim(0);
    rows_read(&rows_self, &libpool_root, &total, NULL);
    expect_sum(&total);
}

int main(int argc, char **argv) {
    static struct player player[THREADS];
    pthread_t reader;
    int seconds = argc > 1 ? atoi(argv[1]) : 3;
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    for (int t = 0; t < THREADS; t++) {
        player[t].state = (seed + (uint64_t)t) * 0x9e3779b97f4a7c15u | 1;
        if (pthread_create(&player[t].thread, NULL, play_on, &player[t]) != 0)
            fail("no thread", NULL);
    }
    if (pthread_create(&reader, NULL, read_and_trim, NULL) != 0)
        fail("no thread", NULL);
    nanosleep(&(struct timespec){seconds, 0}, NULL);
    over = 1;
    for (int t = 0; t < THREADS; t++)
        pthread_join(player[t].thread, NULL);
    pthread_join(reader, NULL);
    free_all(player);
    expect_nothing();
    return 0;
}
