#include "fake.h"

#include <string.h>

#include "pool.h"
#include "root.h"

struct fake fake = {.value = 1, .arenas = 1, .heaps = 1};
struct pool_root libpool_root;
const struct rows_source rows_self;
const char *const rows_event_name[EVENT_COUNT];

uint64_t fake_word(uint64_t value, uint32_t index, uint32_t word) {
    return value * 1000003u + (uint64_t)index * 4099u + word;
}

static void fill(void *row, uint32_t index, size_t bytes) {
    for (uint32_t i = 0; i < bytes / 8; i++) {
        uint64_t word = fake_word(fake.value, index, i);
        memcpy((char *)row + i * 8, &word, 8);
    }
}

bool fake_is_whole(const void *row, uint32_t index, uint32_t words, uint64_t *value) {
    uint64_t first;
    memcpy(&first, row, 8);
    first -= (uint64_t)index * 4099u;
    *value = first / 1000003u;
    for (uint32_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)row + i * 8, 8);
        if (word != fake_word(*value, index, i))
            return false;
    }
    return first % 1000003u == 0;
}

bool rows_read(const struct rows_source *source, const struct pool_root *root,
               struct rows_total *total, struct rows_visit *visit) {
    (void)source, (void)root;
    fake.reads++;
    if (fake.fails)
        return false;
    fill(total, 0, sizeof *total);
    visit->class_count = 3;
    for (uint32_t i = 0; i < 3; i++)
        fill(&visit->classes[i], i, sizeof visit->classes[i]);
    void (*in_walk)(void) = fake.in_walk;
    fake.in_walk = NULL;
    if (in_walk)
        in_walk();
    for (uint32_t i = 0; i < fake.heaps; i++) {
        struct rows_heap heap;
        fill(&heap, i, sizeof heap);
        visit->heap(visit->context, &heap);
    }
    for (uint32_t i = 0; i < fake.arenas; i++) {
        struct rows_arena arena;
        fill(&arena, i, sizeof arena);
        visit->arena(visit->context, &arena);
    }
    return true;
}

bool pool_trim(size_t keep) {
    (void)keep;
    fake.trims++;
    return true;
}
