"""Two results files: what moved beyond the noise of both."""
import math

from . import spread, summary

# What moves less than this is not worth a line, however steady the samples.
LEAST = 0.02


def controls(old, new):
    """The allocators whose files are the same in both: what they moved is the machine's doing."""
    before = {a["name"]: a["sha256"] for a in old.document["allocators"]}
    after = {a["name"]: a["sha256"] for a in new.document["allocators"]}
    return [name for name in before if after.get(name) == before[name]]


def change(old, new, before, after, name, metric):
    """The ratio of a workload's new median to its old one, or None."""
    values = old.value(before, name, metric), new.value(after, name, metric)
    if None in values:
        return None
    offset = summary.OFFSET.get(metric, 0)
    both = [value + offset for value in values]
    return both[1] / both[0] if min(both) > 0 else None


def noise(old, new, before, after, metric, unchanged):
    """How far, at this workload, allocators moved that are the same in both."""
    moves = [change(old, new, before, after, name, metric) for name in unchanged]
    return max([LEAST, *(abs(math.log(move)) for move in moves if move)])


def compare(old, new):
    """What moved: a list of dicts, the largest first, and the list of failures that came or went.

    A move counts when the two intervals are further from each other than either is wide, and when
    it is larger than any move, at the same workload, of an allocator that is the same in both."""
    unchanged = controls(old, new)
    moved, failures = [], []
    later = {w["name"]: w for w in new.workloads}
    for before in old.workloads:
        after = later.get(before["name"])
        for name in old.names if after else ():
            if name not in new.names:
                continue
            failed = [w["results"][name]["failed"] for w in (before, after)]
            if any(failed):
                if bool(failed[0]) != bool(failed[1]):
                    failures.append({"workload": before["name"], "allocator": name,
                                     "old": failed[0], "new": failed[1]})
                continue
            moved += moves_of(old, new, before, after, name, unchanged)
    moved.sort(key=lambda move: -abs(math.log(move["ratio"])))
    return moved, failures


def moves_of(old, new, before, after, name, unchanged):
    moves = []
    for metric in old.metrics:
        ratio = change(old, new, before, after, name, metric)
        samples = old.samples(before, name, metric), new.samples(after, name, metric)
        others = [n for n in unchanged if n != name]
        if ratio is None or not spread.far_apart(*samples):
            continue
        if abs(math.log(ratio)) > noise(old, new, before, after, metric, others):
            moves.append({"workload": before["name"], "family": before["family"],
                          "allocator": name, "metric": metric, "ratio": ratio,
                          "old": spread.median(samples[0]), "new": spread.median(samples[1])})
    return moves


def worse(subject, moved, failures):
    """Whether an allocator lost time, CPU time or memory anywhere, or fails where it did not."""
    return (any(m["allocator"] == subject and m["metric"] != "faults" and m["ratio"] > 1
                for m in moved) or
            any(f["allocator"] == subject and f["new"] for f in failures))


def overall(old, new):
    """Per metric and allocator in both: the mean of all its workloads' changes."""
    later = {w["name"]: w for w in new.workloads}
    means = {}
    for metric in old.metrics:
        for name in old.names:
            if name in new.names:
                ratios = [change(old, new, w, later[w["name"]], name, metric)
                          for w in old.workloads if w["name"] in later]
                mean = spread.geometric_mean(r for r in ratios if r)
                if mean:
                    means.setdefault(metric, {})[name] = mean
    return means
