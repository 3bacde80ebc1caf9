/* The only C++ of the benchmarks: hands Google Benchmark's state to bodies written in C. */
#include "gbench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

struct Workload {
    const char *name;
    gbench_body *body;
    size_t argument;
    long rounds;
};

std::vector<Workload> &workloads() {
    static std::vector<Workload> all;
    return all;
}

benchmark::State &state_of(gbench *bench) {
    return *reinterpret_cast<benchmark::State *>(bench);
}

struct Options {
    double scale = 1;
    long rounds = 0; /* instead of each workload's own, unless 0 */
};

/* Takes our own options out of the arguments, which Google Benchmark would not know. */
Options take_options(int *argc, char **argv) {
    Options options;
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        if (std::strncmp(argv[i], "--scale=", 8) == 0)
            options.scale = std::atof(argv[i] + 8);
        else if (std::strncmp(argv[i], "--rounds=", 9) == 0)
            options.rounds = std::atol(argv[i] + 9);
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    return options;
}

} // namespace

void gbench_register(const char *name, gbench_body *body, size_t argument, long rounds) {
    workloads().push_back({name, body, argument, rounds});
}

bool gbench_next(gbench *bench) {
    return state_of(bench).KeepRunning();
}

void gbench_operations(gbench *bench, size_t per_round) {
    benchmark::State &state = state_of(bench);
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(per_round));
}

void gbench_fail(gbench *bench, const char *why) {
    state_of(bench).SkipWithError(why);
}

int gbench_main(int argc, char **argv) {
    const Options options = take_options(&argc, argv);
    for (const Workload &each : workloads()) {
        const auto scaled = std::max(1L, static_cast<long>(each.rounds * options.scale));
        const long rounds = options.rounds ? options.rounds : scaled;
        benchmark::RegisterBenchmark(each.name,
                                     [each](benchmark::State &state) {
                                         each.body(reinterpret_cast<gbench *>(&state),
                                                   each.argument);
                                     })
            ->Iterations(rounds)
            ->UseRealTime();
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    return benchmark::RunSpecifiedBenchmarks() ? 0 : 1;
}
