"""What a thread costs that has nothing to do."""
from . import measure
from .failure import Failure
from .workload import Workload

COUNTS = (64,)
MODES = {"turns": "idle-turns", "together": "idle-together"}


class Idle(Workload):
    """Threads that took and freed a block of each of 64 sizes, one by one or all together, and
    wait: what is resident for each, beyond the same threads without a block."""
    family = "threaded"

    def __init__(self, mode, threads):
        super().__init__(f"{MODES[mode]}@{threads}")
        self.mode, self.threads = mode, threads

    def resident(self, bench, allocator, mode):
        order = measure.Order([bench.binary("idle"), str(self.threads), mode])
        sample, _ = measure.run(bench.launcher, order, allocator, bench.scratch)
        if "resident" not in sample.figures:
            raise Failure("ended without a result")
        return sample, sample.figures.pop("resident")

    def run(self, bench, allocator):
        _, without = self.resident(bench, allocator, "nothing")
        sample, resident = self.resident(bench, allocator, self.mode)
        sample.counts["idle"] = (resident - without) / self.threads
        return sample


def workloads(counts):
    return [Idle(mode, count) for mode in MODES for count in counts]
