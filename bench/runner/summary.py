"""Ratios and their geometric means over the workloads of a run."""
from . import spread

# A count that can be zero has no ratio: it is taken as one more on both sides.
OFFSET = {"faults": 1, "calls": 1}


def ratio(results, workload, name, metric, against):
    """Of one allocator's median to another's; None when either is missing."""
    over, under = (results.value(workload, n, metric) for n in (name, against))
    if over is None or under is None:
        return None
    offset = OFFSET.get(metric, 0)
    return (over + offset) / (under + offset) if under + offset else None


def told_apart(results, workload, first, second, metric):
    if metric == "instructions" or results.counted:
        return True
    samples = [results.samples(workload, name, metric) for name in (first, second)]
    return all(samples) and spread.apart(*samples)


def mean(results, family, name, metric):
    """The geometric mean of a family's ratios to the base, over the workloads that worked."""
    ratios = [ratio(results, w, name, metric, results.base) for w in results.of(family)]
    return spread.geometric_mean(r for r in ratios if r is not None)


def overall(results, name, metric):
    """The geometric mean of the families' means: each family counts the same."""
    means = [mean(results, family, name, metric) for family in results.families]
    return spread.geometric_mean(m for m in means if m is not None)


def complete(results, name, family=None):
    """Whether an allocator worked in every workload (of a family)."""
    return all(not w["results"][name]["failed"] for w in results.workloads
               if family in (None, w["family"]))


def best_mean(results, metric, family=None):
    """(name, mean) of the best other allocator, among those with no failure; or (None, None)."""
    means = {}
    for name in results.others():
        value = mean(results, family, name, metric) if family else overall(results, name, metric)
        if value is not None and complete(results, name, family):
            means[name] = value
    if not means:
        return None, None
    name = min(means, key=means.get)
    return name, means[name]


def best_of_all(results, metric, family):
    """The mean of the best other at each workload: what nobody reaches alone."""
    ratios = []
    for workload in results.of(family):
        name = results.best_other(workload, metric)
        ratios.append(ratio(results, workload, name, metric, results.base) if name else None)
    return spread.geometric_mean(r for r in ratios if r is not None)


def to_best(results, metric, family=None):
    """The subject's mean over the best other's, or None."""
    own = (mean(results, family, results.subject, metric) if family
           else overall(results, results.subject, metric))
    _, best = best_mean(results, metric, family)
    return own / best if own and best else None


def worst(results, metric, against=None, family=None):
    """(ratio, workload, other) where the subject is furthest behind, counting only what can be
    told apart; against the best other of each workload, or the one named."""
    found = (0.0, None, None)
    for workload in results.workloads:
        other = against or results.best_other(workload, metric)
        if family not in (None, workload["family"]) or not other:
            continue
        value = ratio(results, workload, results.subject, metric, other)
        if value and value > found[0] and told_apart(results, workload, results.subject, other,
                                                     metric):
            found = (value, workload["name"], other)
    return found
