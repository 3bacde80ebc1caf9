// A program that brings its own operator new and delete, and only the plain ones: every other form
// has to lead to them, as the C++ standard says, and never to libpool's heap.
#include <cstdint>
#include <cstdlib>
#include <new>

#include "check.h"

namespace {
int live; // blocks of ours
}

void *operator new(std::size_t size) {
    char *block = static_cast<char *>(std::malloc(size + 16));
    if (block == nullptr)
        throw std::bad_alloc();
    live++;
    return block + 16;
}

void operator delete(void *block) noexcept {
    if (block == nullptr)
        return;
    live--;
    std::free(static_cast<char *>(block) - 16);
}

int main() {
    volatile std::size_t size = 100, huge = PTRDIFF_MAX - 4096;
    void *block = operator new(size);
    check(live == 1);
    operator delete(block, size);
    check(live == 0);
    block = operator new[](size);
    check(live == 1);
    operator delete[](block);
    check(live == 0);
    operator delete[](operator new[](size), size);
    check(live == 0);
    block = operator new(size, std::nothrow);
    check(live == 1);
    operator delete(block, std::nothrow);
    check(live == 0);
    block = operator new[](size, std::nothrow);
    check(live == 1);
    operator delete[](block, std::nothrow);
    check(live == 0);
    check(operator new(huge, std::nothrow) == nullptr);
    check(operator new[](huge, std::nothrow) == nullptr);
    check(live == 0);
    return 0;
}
