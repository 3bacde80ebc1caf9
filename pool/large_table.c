#include "large_table.h"

#include "os.h"
#include "root.h"

static struct large_entry *slots;
static size_t capacity, used; /* capacity: 0 or a power of two */

static size_t home(const void *at) {
    return (((uintptr_t)at >> 12) * 0x9e3779b97f4a7c15u) >> 20 & (capacity - 1);
}

static void insert(struct large_entry entry) {
    size_t i = home(entry.at);
    while (slots[i].at != NULL)
        i = (i + 1) & (capacity - 1);
    slots[i] = entry;
}

static bool grow(void) {
    size_t old_capacity = capacity;
    struct large_entry *old = slots;
    size_t wanted = capacity == 0 ? 512 : capacity * 2;
    struct large_entry *fresh = os_map(NULL, os_round(wanted * sizeof *fresh));
    if (fresh == NULL)
        return false;
    slots = fresh;
    capacity = wanted;
    libpool_root.large_slots = slots;
    libpool_root.large_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].at != NULL)
            insert(old[i]);
    if (old != NULL)
        os_unmap(old, os_round(old_capacity * sizeof *old));
    return true;
}

bool table_add(struct large_entry entry) {
    if (used * 2 >= capacity && !grow() && used + 1 >= capacity)
        return false;
    insert(entry);
    used++;
    return true;
}

struct large_entry *table_find(const void *at) {
    if (capacity == 0)
        return NULL;
    for (size_t i = home(at); slots[i].at != NULL; i = (i + 1) & (capacity - 1))
        if (slots[i].at == at)
            return &slots[i];
    return NULL;
}

void table_remove(struct large_entry *entry) {
    size_t hole = (size_t)(entry - slots), i = hole;
    for (;;) {
        i = (i + 1) & (capacity - 1);
        if (slots[i].at == NULL)
            break;
        size_t distance = (i - home(slots[i].at)) & (capacity - 1);
        if (distance >= ((i - hole) & (capacity - 1))) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole].at = NULL;
    used--;
}

struct large_entry *table_holding(const void *p) {
    for (size_t i = 0; i < capacity; i++)
        if (slots[i].at != NULL && (uintptr_t)p - (uintptr_t)slots[i].at < slots[i].mapped)
            return &slots[i];
    return NULL;
}
