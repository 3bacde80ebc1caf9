#include "leaving.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

static std::atomic<unsigned> destroyed;

namespace {

struct objects {
    std::map<int, std::string> names;
    std::vector<std::unique_ptr<char[]>> blocks;

    ~objects() {
        std::vector<std::string> copies;
        for (auto &[number, name] : names)
            copies.push_back(name + std::to_string(number));
        if (copies.size() == names.size() && !names.empty())
            destroyed++;
    }
};

struct alignas(128) wide {
    char bytes[256];
};

thread_local objects first;
thread_local std::unique_ptr<wide> second;
/* A static object, destroyed after main has returned. */
std::vector<std::string> at_exit;

} // namespace

void *make_thread_objects(void *unused) {
    for (int i = 0; i < 50; i++) {
        first.names[i] = "a name too long for the string to hold in itself, number ";
        first.blocks.emplace_back(new char[64 + i * 100]);
    }
    second = std::make_unique<wide>();
    return unused;
}

unsigned thread_objects_destroyed(void) {
    at_exit.assign(1000, "freed when the program ends, by the C++ library's own handler");
    return destroyed;
}
