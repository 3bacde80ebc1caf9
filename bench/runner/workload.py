"""Workloads: their names and families, how each is run once, and what it needs."""
import json
import os
from dataclasses import dataclass, field

from . import measure
from .failure import Failure, Usage

FAMILIES = ("micro", "threaded", "programs")


@dataclass
class Bench:
    """What the runs of a session share."""
    build: str  # where the compiled workloads are
    scratch: str
    scale: float
    launcher: list = field(default_factory=list)  # the command
    sources: str = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "programs")
    prepared: dict = field(default_factory=dict)

    def binary(self, name):
        path = os.path.join(self.build, "bench", name)
        if not os.access(path, os.X_OK):
            raise Usage(f"{path} is not built: run meson compile -C {self.build}")
        return path

    def once(self, key, make):
        """The value of make(), made the first time only: inputs, a repository, a cluster."""
        if key not in self.prepared:
            self.prepared[key] = make()
        return self.prepared[key]


class Workload:
    """A named workload. `run` returns a Sample or raises Failure."""
    family = "programs"
    needs = ()  # (file, Debian package) pairs

    def __init__(self, name):
        self.name = name

    def missing(self):
        """What to install before it can run, or ""."""
        packages = [package for path, package in self.needs if not os.access(path, os.X_OK)]
        return f"apt-get install {' '.join(dict.fromkeys(packages))}" if packages else ""

    def run(self, bench, allocator):
        raise NotImplementedError


class Micro(Workload):
    """One of Google Benchmark's, in a process of its own. Time is that of the measured loop; RSS
    and faults are the whole process's."""
    family = "micro"

    # Rounds for callgrind: enough operations to average over, few enough to be quick.
    def __init__(self, name, rounds=20):
        super().__init__(name)
        self.rounds = rounds

    def command(self, bench, option):
        return [bench.binary("micro"), f"--benchmark_filter=^{self.name}/iter", option,
                "--benchmark_format=json"]

    @staticmethod
    def result(output):
        try:
            return json.loads(output)["benchmarks"][0]
        except (ValueError, KeyError, IndexError) as error:
            raise Failure("ended without a result") from error

    def run(self, bench, allocator):
        order = measure.Order(self.command(bench, f"--scale={bench.scale}"))
        sample, output = measure.run(bench.launcher, order, allocator, bench.scratch)
        result = self.result(output)
        if result.get("error_occurred"):
            raise Failure(result["error_message"])
        sample.time = result["real_time"] * result["iterations"] / 1e9
        sample.cpu = result["cpu_time"] * result["iterations"] / 1e9
        sample.operations = result["items_per_second"]
        sample.checksum = str(result["iterations"])
        return sample

    def operations(self, bench, rounds):
        """The order that runs `rounds` rounds, and a function from its output to operations."""
        def count(output):
            result = self.result(output)
            return result["items_per_second"] * result["real_time"] * result["iterations"] / 1e9
        return measure.Order(self.command(bench, f"--rounds={rounds}")), count


class Threaded(Workload):
    """One of threaded/; its threads are as many as given, its work is not more for that."""
    family = "threaded"

    def __init__(self, name, threads, mode=""):
        super().__init__(f"{name}@{threads}" if mode == "scaling" else name)
        self.kind, self.threads = name, threads

    def run(self, bench, allocator):
        command = [bench.binary("threaded"), self.kind, str(self.threads), str(2 * bench.scale)]
        return measure.run(bench.launcher, measure.Order(command), allocator, bench.scratch)[0]


class Program(Workload):
    """A real program: `order(bench)` makes the Order, with its inputs, once."""

    def __init__(self, name, order, needs=()):
        super().__init__(name)
        self.order, self.needs = order, needs

    def run(self, bench, allocator):
        order = bench.once(("order", self.name), lambda: self.order(bench))
        sample = measure.run(bench.launcher, order, allocator, bench.scratch)[0]
        sample.time -= sample.figures.pop("waited", 0)
        return sample


MICRO = {
    "pair-16": 4, "pair-64": 4, "pair-256": 4, "pair-1024": 4, "pair-8K": 4, "pair-64K": 4,
    "pair-1M": 4, "pair-mixed": 20, "order-lifo": 2, "order-fifo": 2, "order-random": 2,
    "set-L1": 20, "set-L2": 20, "set-L3": 20, "set-memory": 20, "calloc-64": 100,
    "calloc-4K": 100, "calloc-256K": 10, "realloc-half": 4, "realloc-step": 4, "aligned-64": 60,
    "aligned-4K": 60, "large-64K": 20, "large-512K": 20, "large-2M": 10, "touch-64": 1,
    "touch-1040": 1, "touch-20000": 1,
}

THREADED = ("server", "relay", "exchange", "fan-out", "fan-in", "short-lived", "false-sharing",
            "passive-sharing", "survivors", "shared-table")


def own(threads, scaling=None):
    """The micro and threaded workloads; with `scaling`, the threaded ones at each of its counts."""
    if scaling:
        return [Threaded(name, count, "scaling") for name in THREADED for count in scaling]
    return ([Micro(name, rounds) for name, rounds in MICRO.items()] +
            [Threaded(name, threads) for name in THREADED])
