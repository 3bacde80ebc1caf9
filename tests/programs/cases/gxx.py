"""g++: templates and the standard library; then the program, which uses threads and exceptions."""

PROGRAMS = ["g++"]
WITNESSES = ["g++", "cc1plus", "as", "ld", "work"]

SOURCE = r'''
#include <algorithm>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

struct alignas(64) line { double values[8]; };

static long count_words(int seed)
{
    std::unordered_map<std::string, int> counts;
    unsigned long state = seed;
    for (int i = 0; i < 200000; i++) {
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        counts["a word that is too long for the string itself " + std::to_string(state >> 53)]++;
    }
    std::map<std::string, int> sorted(counts.begin(), counts.end());
    return std::accumulate(sorted.begin(), sorted.end(), 0l,
                           [](long sum, auto &row) { return sum * 31 + row.second; });
}

static int failures(int rounds)
{
    int caught = 0;
    for (int i = 0; i < rounds; i++) {
        try {
            auto held = std::make_unique<std::vector<int>>(i % 100);
            held->at(50) = 1;
        } catch (const std::out_of_range &) {
            caught++;
        }
    }
    return caught;
}

int main()
{
    std::vector<std::future<long>> sums;
    for (int i = 1; i <= 4; i++)
        sums.push_back(std::async(std::launch::async, count_words, i));
    for (auto &sum : sums)
        std::printf("%ld\n", sum.get());
    std::vector<std::unique_ptr<line>> lines;
    for (int i = 0; i < 1000; i++)
        lines.push_back(std::make_unique<line>());
    bool aligned = std::all_of(lines.begin(), lines.end(), [](auto &p) {
        return reinterpret_cast<unsigned long>(p.get()) % 64 == 0;
    });
    std::printf("%d %d\n", aligned, failures(20000));
    std::regex pattern("([a-z]+)-([0-9]+)");
    std::string text = "abc-123 def-456";
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
        std::printf("%s\n", (*at)[2].str().c_str());
    try {
        volatile std::size_t much = ~std::size_t(0) / 2;
        std::vector<char> huge(much);
    } catch (const std::bad_alloc &) {
        std::puts("bad_alloc");
    }
}
'''


def run(space):
    space.write("work.cc", SOURCE)
    space.run("g++", "-std=c++17", "-O1", "-Wall", "-pthread", "work.cc", "-o", "work")
    space.run("sha256sum", "work")
    space.run("./work")
