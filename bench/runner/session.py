"""A benchmark session: every workload under every allocator, in turns, round after round."""
from .failure import Failure
from .measure import METRICS


class Entry:
    """What one workload gave under one allocator."""

    def __init__(self):
        self.samples, self.failed, self.instructions = [], None, None

    def document(self):
        document = {"failed": self.failed}
        for metric in METRICS:
            document[metric] = [getattr(sample, metric) for sample in self.samples]
        for metric in self.samples[0].counts if self.samples else ():
            document[metric] = [sample.counts[metric] for sample in self.samples]
        if any(sample.operations for sample in self.samples):
            document["operations"] = [sample.operations for sample in self.samples]
        if self.instructions is not None:
            document["instructions"] = self.instructions
        for name in self.samples[0].figures if self.samples else ():
            document.setdefault("figures", {})[name] = [s.figures[name] for s in self.samples]
        if self.samples and self.samples[-1].series:
            document["series"] = self.samples[-1].series
        return document


class Session:
    """The first of `allocators` is what the others are compared with."""

    def __init__(self, bench, workloads, allocators, runs):
        self.bench, self.allocators, self.runs = bench, allocators, runs
        self.missing = {w.name: w.missing() for w in workloads if w.missing()}
        self.workloads = [w for w in workloads if w.name not in self.missing]
        self.entries = {w.name: {a.name: Entry() for a in allocators} for w in self.workloads}
        self.expected = {}

    def steps(self):
        """How often `run` will report progress."""
        return len(self.workloads) * (1 + self.runs * len(self.allocators))

    def run(self, progress):
        for turn in range(self.runs):
            for index, workload in enumerate(self.workloads):
                if turn == 0:
                    progress.step(f"{workload.name}: warming up")
                    self.warm_up(workload)
                for allocator in rotated(self.allocators, turn + index):
                    progress.step(f"round {turn + 1}: {workload.name} under {allocator.name}")
                    self.once(workload, allocator)

    def warm_up(self, workload):
        """A run under the first that is not counted: inputs are made and files cached, and its
        output is what every allocator's is compared with."""
        try:
            self.expected[workload.name] = workload.run(self.bench, self.allocators[0]).checksum
        except Failure:
            self.expected[workload.name] = None  # the counted run under it will say why

    def once(self, workload, allocator):
        entry = self.entries[workload.name][allocator.name]
        if entry.failed:
            return
        try:
            sample = workload.run(self.bench, allocator)
            expected = self.expected[workload.name]
            if expected is not None and sample.checksum != expected:
                raise Failure(f"its output differs from that under {self.allocators[0].name}")
            entry.samples.append(sample)
        except Failure as failure:
            entry.failed = str(failure)

    def document(self):
        """The workloads' part of a results file."""
        return [{"name": w.name, "family": w.family,
                 "results": {name: e.document() for name, e in self.entries[w.name].items()}}
                for w in self.workloads]


def rotated(items, by):
    by %= len(items)
    return items[by:] + items[:by]
