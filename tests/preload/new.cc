// Every form of operator new and delete, and what happens without memory.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <malloc.h>
#include <new>
#include <sys/resource.h>
#include <vector>

#include "check.h"

namespace {

volatile std::size_t huge = PTRDIFF_MAX - 4096; // more than there is; the compiler need not know
const std::align_val_t ALIGN{256};

void use(void *block, std::size_t size, std::size_t align) {
    check(block != nullptr);
    check(reinterpret_cast<std::uintptr_t>(block) % align == 0);
    check(malloc_usable_size(block) >= size);
    std::memset(block, 1, size);
}

void test_libpool_serves() {
    Dl_info info;
    void *symbol = dlsym(RTLD_DEFAULT, "_Znwm");
    check(symbol != nullptr && dladdr(symbol, &info) != 0);
    check(std::strstr(info.dli_fname, "libpool.so") != nullptr);
}

void test_plain(std::size_t size) {
    void *block = operator new(size);
    use(block, size, 16);
    operator delete(block);
    block = operator new(size);
    operator delete(block, size);
    block = operator new(size, std::nothrow);
    use(block, size, 16);
    operator delete(block, std::nothrow);
    block = operator new[](size);
    use(block, size, 16);
    operator delete[](block);
    block = operator new[](size);
    operator delete[](block, size);
    block = operator new[](size, std::nothrow);
    use(block, size, 16);
    operator delete[](block, std::nothrow);
}

void test_aligned(std::size_t size) {
    void *block = operator new(size, ALIGN);
    use(block, size, 256);
    operator delete(block, ALIGN);
    block = operator new(size, ALIGN);
    operator delete(block, size, ALIGN);
    block = operator new(size, ALIGN, std::nothrow);
    use(block, size, 256);
    operator delete(block, ALIGN, std::nothrow);
    block = operator new[](size, ALIGN);
    use(block, size, 256);
    operator delete[](block, ALIGN);
    block = operator new[](size, ALIGN);
    operator delete[](block, size, ALIGN);
    block = operator new[](size, ALIGN, std::nothrow);
    use(block, size, 256);
    operator delete[](block, ALIGN, std::nothrow);
}

void test_delete_null() {
    operator delete(nullptr);
    operator delete(nullptr, std::size_t(0));
    operator delete(nullptr, ALIGN);
    operator delete[](nullptr);
    operator delete(nullptr, std::nothrow);
}

template <class Allocate> bool throws(Allocate allocate) {
    try {
        allocate();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

void test_without_memory() {
    check(throws([] { return operator new(huge); }));
    check(throws([] { return operator new[](huge); }));
    check(throws([] { return operator new(huge, ALIGN); }));
    check(throws([] { return operator new[](huge, ALIGN); }));
    check(operator new(huge, std::nothrow) == nullptr);
    check(operator new[](huge, std::nothrow) == nullptr);
    check(operator new(huge, ALIGN, std::nothrow) == nullptr);
    check(operator new[](huge, ALIGN, std::nothrow) == nullptr);
    check(throws([] { return std::vector<char>(huge / 2); }));
}

int calls;

void give_up_at_third_call() {
    if (++calls == 3)
        std::set_new_handler(nullptr);
}

template <class Allocate> void handled(Allocate allocate, bool expect_throw) {
    calls = 0;
    std::set_new_handler(give_up_at_third_call);
    check(throws(allocate) == expect_throw);
    check(calls == 3);
    check(std::get_new_handler() == nullptr);
}

void test_handler() {
    handled([] { return operator new(huge); }, true);
    handled([] { return operator new[](huge); }, true);
    handled([] { return operator new(huge, ALIGN); }, true);
    handled([] { check(operator new(huge, std::nothrow) == nullptr); }, false);
    handled([] { check(operator new[](huge, std::nothrow) == nullptr); }, false);
    handled([] { check(operator new(huge, ALIGN, std::nothrow) == nullptr); }, false);
}

struct Own : std::bad_alloc {};

void test_handler_throws() {
    std::set_new_handler([] { throw Own(); });
    bool own = false;
    try {
        operator delete(operator new(huge));
    } catch (const Own &) {
        own = true;
    }
    check(own);
    check(operator new(huge, std::nothrow) == nullptr);
    check(operator new[](huge, ALIGN, std::nothrow) == nullptr);
    std::set_new_handler(nullptr);
}

// A handler that makes room: the request is tried again and succeeds.
void test_handler_helps() {
    rlimit before, tight;
    check(getrlimit(RLIMIT_AS, &before) == 0);
    tight = before;
    tight.rlim_cur = std::size_t(1) << 20; // less than is mapped already
    check(setrlimit(RLIMIT_AS, &tight) == 0);
    static rlimit wide = before;
    calls = 0;
    std::set_new_handler([] {
        calls++;
        check(setrlimit(RLIMIT_AS, &wide) == 0);
    });
    void *block = operator new(300 << 20);
    check(block != nullptr && calls == 1);
    operator delete(block);
    std::set_new_handler(nullptr);
}

} // namespace

int main() {
    test_libpool_serves();
    for (std::size_t size = 0; size < 3000000; size = size * 3 + 1) {
        test_plain(size);
        test_aligned(size);
    }
    test_delete_null();
    test_without_memory();
    test_handler();
    test_handler_throws();
    test_handler_helps();
    return 0;
}
