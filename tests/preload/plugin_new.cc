// A plugin in C++ for a program in C: its C++ library is loaded with it and seen by nobody else.
#include <cstddef>
#include <cstdint>
#include <new>

namespace {
int handled;
}

extern "C" int plugin_catches(void);
int plugin_catches(void) {
    volatile std::size_t huge = PTRDIFF_MAX - 4096;
    try {
        operator delete(operator new(huge));
        return 0;
    } catch (const std::bad_alloc &) {
    }
    std::set_new_handler([] {
        handled++;
        throw std::bad_alloc();
    });
    if (operator new(huge, std::nothrow) != nullptr || handled != 1)
        return 0;
    std::set_new_handler(nullptr);
    return 1;
}
