"""A run with several numbers of threads: what happens to the same work beyond the cores."""
from . import spread


def counts(results):
    """The thread counts of such a run, or none."""
    found = {w["name"].partition("@")[2] for w in results.workloads}
    if "time" not in results.metrics or not found or not all(c.isdigit() for c in found):
        return []
    return sorted(map(int, found))


def beyond(results):
    """(a count, the counts above it): the largest that every core can work at, and those where
    threads wait for one another's turn; (None, []) when the run has not both."""
    cores = results.document["machine"]["cores"]
    within = [c for c in counts(results) if c <= cores]
    above = [c for c in counts(results) if c > cores]
    return (within[-1], above) if within and above else (None, [])


def slowdowns(results, name, count):
    """{workload: its time at `count` threads over that at as many as cores}, where it worked."""
    full, _ = beyond(results)
    by_name = {w["name"]: w for w in results.workloads}
    found = {}
    for kind in dict.fromkeys(n.partition("@")[0] for n in by_name):
        pair = [by_name.get(f"{kind}@{c}") for c in (count, full)]
        values = [w and results.value(w, name, "time") for w in pair]
        if all(values):
            found[kind] = values[0] / values[1]
    return found


def mean(results, name, count):
    return spread.geometric_mean(slowdowns(results, name, count).values())


def worst(results, name):
    """The mean slowdown at the number of threads where it is the most, and that number."""
    means = {count: mean(results, name, count) for count in beyond(results)[1]}
    means = {count: value for count, value in means.items() if value}
    return max(((value, count) for count, value in means.items()), default=(None, None))


def table(results):
    """Each workload's slowdown at each number beyond the cores, and the means."""
    full, above = beyond(results)
    rows = []
    for count in above:
        of = {name: slowdowns(results, name, count) for name in results.names}
        kinds = dict.fromkeys(kind for found in of.values() for kind in found)
        rows += [[f"{kind}@{count}", *(f"{of[n][kind]:.2f}" if kind in of[n] else "-"
                                       for n in results.names)] for kind in kinds]
        means = [mean(results, name, count) for name in results.names]
        rows.append([f"mean@{count}", *(f"{value:.2f}" if value else "-" for value in means)])
    return [f"time over that @{full}", *results.names], rows
