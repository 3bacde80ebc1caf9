"""The gate: figures that libpool has to reach in a run."""
from . import scaling, spread, summary
from .allocator import BASE, PYMALLOC
from .failure import Usage
from .workload import FAMILIES

HELP = """\
Figures are NAME=LIMIT, separated by commas:
  time, micro, threaded, programs   mean time over that of the best other allocator
  worst                             time at any workload over the best other's there
  cpu, faults                       mean over glibc's
  rss, rss-micro, rss-threaded, rss-programs   mean peak RSS over glibc's
  rss-worst                         peak RSS at any workload over glibc's
  burst                             RSS over live bytes, some time after a burst was freed
  growth                            RSS over live bytes in the last quarter of the cache's simulated
                                    traffic over that in the third
  scaling                           bench run --threads: mean time with more threads than cores over
                                    that with as many, at the number where it is the most
  python-time, python-cpu, python-rss   bench python: mean over Python's own allocator's
  kernel                            bench kernel: mean of page faults and memory calls over glibc's
  idle-thread                       bench idle: KiB of an idle thread, the most of all workloads
"worst" and "rss-worst" count only what the spread lets one tell apart. A workload that failed under
libpool fails any gate, and so does a figure that the run cannot give."""


def parse(text):
    figures = {}
    for part in text.split(","):
        name, _, limit = part.partition("=")
        try:
            figures[name.strip()] = float(limit)
        except ValueError as error:
            raise Usage(f"gate: '{part}' is not NAME=LIMIT\n{HELP}") from error
        if name.strip() not in KNOWN:
            raise Usage(f"gate: there is no figure '{name.strip()}'\n{HELP}")
    return figures


def mean_to_base(metric, family=None):
    def figure(results):
        if family:
            return summary.mean(results, family, results.subject, metric), ""
        return summary.overall(results, results.subject, metric), ""
    return figure


def mean_to_best(family=None):
    def figure(results):
        name, _ = summary.best_mean(results, "time", family)
        return summary.to_best(results, "time", family), f" of {name}" if name else ""
    return figure


def worst_of(metric, against):
    def figure(results):
        value, workload, other = summary.worst(results, metric, against)
        return value, f" of {other} at {workload}" if workload else ""
    return figure


def mean_of_python(metric):
    def figure(results):
        if results.base != PYMALLOC:
            return None, ""
        return summary.overall(results, results.subject, metric), f" of {PYMALLOC}"
    return figure


def slowest_beyond(results):
    value, count = scaling.worst(results, results.subject)
    return value, f" at {count} threads"


def most_idle(results):
    """KiB, as the limit is."""
    found = [(results.value(w, results.subject, "idle"), w["name"]) for w in results.workloads]
    found = [(value, name) for value, name in found if value is not None]
    value, name = max(found, default=(None, None))
    return (None, "") if value is None else (value / 1024, f" KiB at {name}")


def reported(name, key):
    """What a workload reports of itself under the subject."""
    def figure(results):
        for workload in results.workloads:
            if workload["name"] == name:
                values = workload["results"][results.subject].get("figures", {}).get(key)
                return (spread.median(values) if values else None), f" in {name}"
        return None, ""
    return figure


KNOWN = {
    "time": mean_to_best(),
    **{family: mean_to_best(family) for family in FAMILIES},
    "worst": worst_of("time", None),
    "cpu": mean_to_base("cpu"),
    "faults": mean_to_base("faults"),
    "rss": mean_to_base("rss"),
    **{f"rss-{family}": mean_to_base("rss", family) for family in FAMILIES},
    "rss-worst": worst_of("rss", BASE),
    "burst": reported("burst", "idle"),
    "growth": reported("cache", "growth"),
    **{f"python-{metric}": mean_of_python(metric) for metric in ("time", "cpu", "rss")},
    "scaling": slowest_beyond,
    "kernel": mean_to_base("kernel"),
    "idle-thread": most_idle,
}


def check(results, figures):
    """(passed, lines): a line for each figure, and one for each failure of the subject."""
    lines, passed = [], True
    for workload, name, reason in results.failures():
        if name == results.subject:
            passed = False
            lines.append(f"gate: {name} failed in {workload}: {reason}")
    for name, limit in figures.items():
        value, detail = KNOWN[name](results)
        if value is None:
            passed = False
            lines.append(f"gate: {name}: this run has no such figure")
        elif value > limit:
            passed = False
            lines.append(f"gate: {name}: {value:.3f}{detail}, over the limit of {limit:g} by "
                         f"{(value / limit - 1) * 100:.1f} %")
        else:
            lines.append(f"gate: {name}: {value:.3f}{detail}, within {limit:g}")
    return passed, lines
