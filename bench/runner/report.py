"""What a run found, for reading: as text for a terminal or as Markdown."""
from . import scaling, spread, summary, table

TITLES = {"time": "time", "cpu": "CPU time", "rss": "peak RSS", "faults": "page faults",
          "operations": "operations a second", "instructions": "instructions per operation",
          "kernel": "page faults and memory calls", "calls": "memory calls",
          "idle": "memory of an idle thread"}

# What is no ratio to the base but a figure of its own.
ABSOLUTE = ("operations", "instructions", "idle")

# What wins and losses are told of, if the run has it.
JUDGED = ("time", "kernel", "rss")

LEGEND = """\
Each figure is the median of {runs} runs relative to {base}'s (below 1 is better), +- half the width
of its interval in per cent. ~ after it: the spread is too wide to tell it from {base}'s. "to best"
is {subject} over the best other allocator at that workload; ~ there: too wide to tell the two
apart. The interval is what holds the true median with 95 % certainty, or, for fewer than 6 runs,
the least and the greatest."""

COUNTED = """\
Counted, not timed, in {runs} run(s). "to best" is {subject} over the best other allocator at that
workload."""

IDLE = """\
Memory that is resident for each thread while all wait, beyond that of as many threads that took no
block: median of {runs} runs, +- half the width of its interval in per cent. Each thread took and
freed a block of each of 64 sizes of 8 to 4096 bytes: in idle-turns one after the other, in
idle-together all before the first was freed. @N: N threads."""

MEANS = """\
Geometric means relative to {base}; each family counts the same in "all". A mean with * is over the
workloads that worked only. "best of all" takes the best other allocator at each workload anew."""


def report(results, markdown=False):
    """The whole report: what was run, each family in each metric, then the summary."""
    render = table.markdown if markdown else table.text
    heading = (lambda text: f"### {text}") if markdown else (lambda text: f"== {text}")
    runs = results.document["runs"]
    legend = COUNTED if results.counted else IDLE if "idle" in results.metrics else LEGEND
    names = {"runs": runs, "subject": results.subject, "base": results.base}
    parts = [environment(results), legend.format(**names)]
    for family in results.families:
        for metric in metrics_of(results, family):
            parts += [heading(f"{family}: {TITLES[metric]}"),
                      render(*family_table(results, family, metric))]
    parts += special_parts(results, render, heading)
    means = [metric for metric in results.metrics if metric not in ABSOLUTE]
    parts += [heading("summary"), MEANS.format(**names)] if means else []
    parts += [render(*mean_table(results, metric)) for metric in means]
    parts.append(verdict(results, "- " if markdown else ""))
    parts += troubles(results)
    return "\n\n".join(part for part in parts if part) + "\n"


def environment(results):
    document, machine = results.document, results.document["machine"]
    builds = "; ".join(f"{a['name']} ({a['package'] or a['sha256'][:12]})"
                       for a in document["allocators"])
    return (f"{document['date']}, commit {document['commit'] or 'unknown'}: "
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory'] / (1 << 30):.0f} GiB, "
            f"{machine['kernel']}, {machine['system']}, huge pages {machine['huge_pages']}.\n"
            f"Command: {document['command']}\nAllocators: {builds}."
            + busy(document)
            + (f"\nPOOL_CONF={document['pool_conf']}" if document.get("pool_conf") else ""))


def busy(document):
    """A warning when others used the machine as the run began; "" otherwise."""
    load = document["machine"].get("load", 0)
    if load <= 0.5 * document["machine"]["cores"]:
        return ""
    return (f" The machine was busy when the run began (load average {load:.1f}): times are less "
            "sure than on an idle one.")


def metrics_of(results, family):
    metrics = list(results.metrics)
    for metric in ("operations", "instructions"):
        if any(results.value(w, n, metric) for w in results.of(family) for n in results.names):
            metrics.append(metric)
    return metrics


def family_table(results, family, metric):
    absolute = metric in ABSOLUTE
    header = ["workload", *results.names]
    to_best = not absolute and results.subject in results.names
    if to_best:
        header.append("to best")
    rows = []
    for workload in results.of(family):
        row = [workload["name"]]
        for name in results.names:
            row.append(cell(results, workload, name, metric, absolute or name == results.base))
        if to_best:
            row.append(to_best_cell(results, workload, metric))
        rows.append(row)
    return header, rows


def cell(results, workload, name, metric, absolute):
    if workload["results"][name]["failed"]:
        return "FAILED"
    value = results.value(workload, name, metric)
    if value is None:
        return "-"
    samples = results.samples(workload, name, metric) if metric != "instructions" else []
    spread_text = f" ±{spread.width(samples) * 100:.0f}" if len(samples) > 1 else ""
    if absolute:
        return table.quantity(value, metric) + spread_text
    relative = summary.ratio(results, workload, name, metric, results.base)
    if relative is None:
        return table.quantity(value, metric)
    mark = "" if summary.told_apart(results, workload, name, results.base, metric) else "~"
    return f"{relative:.2f}{mark}{spread_text}"


def to_best_cell(results, workload, metric):
    best = results.best_other(workload, metric)
    value = best and summary.ratio(results, workload, results.subject, metric, best)
    if not value:
        return "-"
    mark = "" if summary.told_apart(results, workload, results.subject, best, metric) else "~"
    return f"{value:.2f}{mark} {best}"


def mean_table(results, metric):
    header = [TITLES[metric], *results.families, "all"]
    rows = []
    for name in results.names:
        row = [name]
        for family in [*results.families, None]:
            value = (summary.mean(results, family, name, metric) if family
                     else summary.overall(results, name, metric))
            whole = summary.complete(results, name, family)
            row.append("-" if value is None else f"{value:.3f}{'' if whole else '*'}")
        rows.append(row)
    best = [summary.best_of_all(results, metric, family) for family in results.families]
    over_all = spread.geometric_mean(value for value in best if value)
    rows.append(["best of all", *(f"{v:.3f}" if v else "-" for v in [*best, over_all])])
    if results.subject in results.names:
        ratios = [summary.to_best(results, metric, f) for f in [*results.families, None]]
        rows.append([f"{results.subject} to best", *(f"{r:.3f}" if r else "-" for r in ratios)])
    return header, rows


def judged(results):
    return [metric for metric in JUDGED if metric in results.metrics]


def verdict(results, mark=""):
    """Where the subject wins and loses against the best other; `mark` begins each line's item."""
    if results.subject not in results.names:
        return ""
    lines = []
    for metric in judged(results):
        ahead, behind, same = wins_and_losses(results, metric)
        lines.append(f"{mark}{TITLES[metric]}, {results.subject} against the best other at each "
                     f"workload: ahead in {len(ahead)}, behind in {len(behind)}, not told apart in "
                     f"{same}.")
        for title, found in (("behind", behind), ("ahead", ahead)):
            if found:
                lines.append(f"  {mark}{title}: " + ", ".join(f"{n} {v:.2f}" for v, n in found))
    return "\n".join(lines)


def wins_and_losses(results, metric):
    """(ratio, workload) pairs where the subject is ahead and where it is behind, the clearest
    first, and the number of workloads where the spread is too wide to say."""
    ahead, behind, same = [], [], 0
    for workload in results.workloads:
        best = results.best_other(workload, metric)
        value = best and summary.ratio(results, workload, results.subject, metric, best)
        if not value or not summary.told_apart(results, workload, results.subject, best, metric):
            same += 1
        else:
            (ahead if value < 1 else behind).append((value, workload["name"]))
    return sorted(ahead), sorted(behind, reverse=True), same


def special_parts(results, render, heading):
    """Instructions of a pair, and what workloads report of themselves."""
    parts = []
    pairs = results.document.get("pair")
    if pairs:
        parts += [heading("instructions of a pair of 24 bytes (callgrind)"),
                  render(*pair_table(pairs, results.names))]
    if scaling.beyond(results)[1]:
        parts += [heading("the same work with more threads than cores (above 1: it takes longer)"),
                  render(*scaling.table(results))]
    sums = calls_table(results)
    if sums:
        parts += [heading("page faults and memory calls, summed over the workloads"),
                  render(*sums)]
    for workload in results.workloads:
        figures = {n: r.get("figures") for n, r in workload["results"].items() if r.get("figures")}
        if figures:
            parts += [heading(f"{workload['name']}: resident memory over live bytes"),
                      render(*figures_table(results, figures))]
    return parts


def calls_table(results):
    """What the kernel was asked for by each allocator, over the workloads that none failed in."""
    whole = [w for w in results.workloads
             if all(r.get("calls") and not r["failed"] for r in w["results"].values())]
    if not whole:
        return None
    known = ("time", "cpu", "rss", "failed", "calls", "kernel", "figures", "series")
    columns = [key for key in next(iter(whole[0]["results"].values())) if key not in known]
    rows = [[name, *(f"{sum(results.value(w, name, column) for w in whole):.0f}"
                     for column in columns)] for name in results.names]
    return ["allocator", *(TITLES.get(column, column) for column in columns)], rows


def pair_table(pairs, names):
    rows = []
    for kind, counts in pairs.items():
        shown = [counts.get(name) for name in names]
        rows.append([kind] + ["FAILED" if isinstance(c, str) else "-" if c is None else f"{c:.1f}"
                              for c in shown])
    return ["pair", *names], rows


# Above this, the mean of the last quarter over that of the third is not flat.
FLAT = 1.02

FIGURES = {"over": "at the end", "over-peak": "at most", "growth": "last quarter / third",
           "at-once": "after the last free", "idle": "after a wait"}


def figures_table(results, figures):
    """What a workload reports of itself; for "growth", whether that is flat."""
    keys = list(next(iter(figures.values())))
    rows = []
    for name in results.names:
        if name in figures:
            values = {key: spread.median(figures[name][key]) for key in keys}
            row = [name, *(f"{value:.3f}" for value in values.values())]
            if "growth" in values:
                row.append("yes" if values["growth"] <= FLAT else "no")
            rows.append(row)
    return ["allocator", *(FIGURES.get(key, key) for key in keys),
            *(["flat"] if "growth" in keys else [])], rows


def troubles(results):
    parts = []
    failures = results.failures()
    if failures:
        parts.append("FAILED:\n" + "\n".join(f"  {workload} under {name}: {reason}"
                                            for workload, name, reason in failures))
    missing = results.document["not_run"]
    lines = [f"  {name}: {how}" for kind in missing.values() for name, how in kind.items()]
    if lines:
        parts.append("not run:\n" + "\n".join(lines))
    return parts
