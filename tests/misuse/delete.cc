// What operator delete is given twice or by mistake.
#include <cstdlib>
#include <new>

extern "C" {
#include "cases.h"
}

namespace {

struct Small {
    char data[48];
};
struct alignas(64) Aligned {
    char data[64];
};

void *volatile hidden; // keeps the compiler from knowing what is freed

void expect_double(void *block, int bytes) {
    expect("free(%p): double free: the block of %d bytes is already free", block, bytes);
}

template <class T> T *among_others() {
    T *first = new T, *block = new T, *last = new T;
    hidden = first;
    hidden = last;
    hidden = block;
    return block;
}

void twice() {
    Small *block = among_others<Small>();
    delete block;
    expect_double(hidden, 48);
    delete static_cast<Small *>(hidden);
}

void unsized_twice() {
    void *block = among_others<Small>();
    ::operator delete(block);
    expect_double(hidden, 48);
    ::operator delete(hidden);
}

void array_twice() {
    char *kept = new char[48], *block = new char[48];
    hidden = kept;
    hidden = block;
    delete[] block;
    expect_double(hidden, 48);
    delete[] static_cast<char *>(hidden);
}

void aligned_twice() {
    Aligned *block = among_others<Aligned>();
    delete block;
    expect_double(hidden, 64);
    delete static_cast<Aligned *>(hidden);
}

void nothrow_twice() {
    among_others<Small>();
    ::operator delete(hidden, std::nothrow);
    expect_double(hidden, 48);
    ::operator delete(hidden, std::nothrow);
}

void then_free() {
    Small *block = among_others<Small>();
    delete block;
    expect_double(hidden, 48);
    std::free(hidden);
}

void interior() {
    char *block = reinterpret_cast<char *>(among_others<Small>());
    expect("free(%p): interior pointer: it points 16 bytes into the block of 48 bytes at %p",
           static_cast<void *>(block + 16), static_cast<void *>(block));
    delete[](block + 16);
}

void foreign() {
    static Small variable;
    hidden = &variable;
    expect("free(%p): invalid pointer: no block is there, or not any more", hidden);
    delete static_cast<Small *>(hidden);
}

const misuse_case cases[] = {
    {"delete-twice", twice},
    {"delete-unsized-twice", unsized_twice},
    {"delete-array-twice", array_twice},
    {"delete-aligned-twice", aligned_twice},
    {"delete-nothrow-twice", nothrow_twice},
    {"delete-then-free", then_free},
    {"delete-interior", interior},
    {"delete-foreign", foreign},
    {nullptr, nullptr},
};

} // namespace

int main(int argc, char **argv) {
    return run_case(cases, argc, argv);
}
