"""Charts of a run as SVG and PNG: every one twice, and readable without its text."""
import os

from . import scaling, spread, summary

COLOURS = ("#7f7f7f", "#d62728", "#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2",
           "#17becf")
MARKS = "osv^D<>ph"


def pyplot():
    """matplotlib's, without a display; imported late, since it is slow and not always wanted."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9,
                                "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot as plt
    return plt


def style(results, name):
    """The subject is always of one colour, the base grey, the rest in their order."""
    others = [n for n in results.names if n not in (results.base, results.subject)]
    if name == results.base:
        index = 0
    elif name == results.subject:
        index = 1
    else:
        index = 2 + others.index(name) % (len(COLOURS) - 2)
    return COLOURS[index], MARKS[index]


def draw(results, directory):
    """Writes all charts that the run has figures for; returns their names without suffix."""
    plt = pyplot()
    os.makedirs(directory, exist_ok=True)
    names = []
    for name, figure in charts(plt, results):
        path = os.path.join(directory, name)
        figure.savefig(f"{path}.svg", bbox_inches="tight", metadata={"Date": None})
        figure.savefig(f"{path}.png", bbox_inches="tight", dpi=120)
        plt.close(figure)
        names.append(name)
    return names


MEASURES = {"time": "Time", "kernel": "Kernel work", "rss": "Peak RSS"}


def charts(plt, results):
    counts = scaling.counts(results)
    if counts:
        yield "scaling", by_threads(plt, results, counts)
        return
    for metric, title in MEASURES.items():
        if metric not in results.metrics:
            continue
        yield f"{metric}-means", means(plt, results, metric, title)
        yield f"{metric}-workloads", dots(plt, results, metric, title)
    for workload in results.workloads:
        series = {n: r["series"] for n, r in workload["results"].items() if r.get("series")}
        if series:
            yield workload["name"], over_time(plt, results, workload, series)


def means(plt, results, metric, title):
    """Bars: the geometric mean of each family under each allocator, relative to the base."""
    groups = [*results.families, "all"]
    figure, axes = plt.subplots(figsize=(8, 3.6))
    width = 0.8 / len(results.names)
    for i, name in enumerate(results.names):
        values = [summary.mean(results, f, name, metric) for f in results.families]
        values.append(summary.overall(results, name, metric))
        places = [g + (i - (len(results.names) - 1) / 2) * width for g in range(len(groups))]
        bars = axes.bar(places, [v or 0 for v in values], width * 0.92, label=name,
                        color=style(results, name)[0])
        axes.bar_label(bars, [f"{v:.2f}" if v else "-" for v in values], fontsize=6, padding=1)
    axes.axhline(1, color="#7f7f7f", linewidth=0.7, linestyle=":")
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(f"relative to {results.base}")
    axes.set_title(f"{title}, geometric means relative to {results.base} (lower is better)",
                   fontsize=10)
    axes.legend(ncols=len(results.names), fontsize=7, frameon=False, loc="upper center",
                bbox_to_anchor=(0.5, -0.1))
    return figure


def dots(plt, results, metric, title):
    """A line per workload: where each allocator is relative to the base, with its interval."""
    workloads = results.workloads
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.19 * len(workloads)))
    for name in results.names:
        if name == results.base:
            continue
        colour, mark = style(results, name)
        for row, workload in enumerate(workloads):
            base = results.value(workload, results.base, metric)
            samples = results.samples(workload, name, metric)
            if not base or not samples:
                continue
            low, high = spread.interval(samples)
            axes.plot([low / base, high / base], [row, row], color=colour, linewidth=0.8)
            axes.plot(spread.median(samples) / base, row, mark, color=colour, markersize=4.5,
                      zorder=3 if name == results.subject else 2)
        axes.plot([], [], mark, color=colour, label=name)
    axes.axvline(1, color="#7f7f7f", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_yticks(range(len(workloads)), [w["name"] for w in workloads], fontsize=7)
    axes.set_ylim(len(workloads) - 0.5, -0.5)
    axes.grid(axis="y", linewidth=0.3)
    axes.set_title(f"{title} relative to {results.base} (left of 1 is better)", fontsize=10,
                   pad=22)
    axes.legend(ncols=len(results.names), fontsize=7, frameon=False, loc="lower center",
                bbox_to_anchor=(0.5, 1))
    return figure


def over_time(plt, results, workload, series):
    """Resident memory over live bytes while the workload runs."""
    figure, axes = plt.subplots(figsize=(8, 3.4))
    for name, lines in series.items():
        for values in lines.values():
            hours = [(i + 1) / 4 for i in range(len(values))]
            axes.plot(hours, values, label=name, color=style(results, name)[0])
    axes.set_ylim(bottom=1)
    axes.set_xlabel("simulated hours")
    axes.set_ylabel("resident memory over live bytes")
    axes.set_title(f"{workload['name']}: fragmentation over time (lower and flatter is better)",
                   fontsize=10)
    axes.legend(ncols=len(series), fontsize=7, frameon=False)
    return figure


def by_threads(plt, results, counts):
    """A small chart per threaded workload: time by number of threads, the work being the same."""
    kinds = list(dict.fromkeys(w["name"].partition("@")[0] for w in results.workloads))
    rows = (len(kinds) + 2) // 3
    figure, grid = plt.subplots(rows, 3, figsize=(9, 2.3 * rows), squeeze=False)
    by_name = {w["name"]: w for w in results.workloads}
    for axes, kind in zip(grid.flat, kinds):
        for name in results.names:
            colour, mark = style(results, name)
            points = [(c, results.value(by_name[f"{kind}@{c}"], name, "time")) for c in counts
                      if f"{kind}@{c}" in by_name]
            points = [(c, v) for c, v in points if v is not None]
            axes.plot(*zip(*points) if points else ([], []), marker=mark, markersize=3,
                      color=colour, linewidth=1, label=name)
        axes.set_xscale("log", base=2)
        axes.set_xticks(counts, map(str, counts))
        axes.set_ylim(bottom=0)
        axes.set_title(kind, fontsize=9)
    for axes in list(grid.flat)[len(kinds):]:
        axes.axis("off")
    grid[0][0].set_ylabel("seconds")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=len(labels), fontsize=7, frameon=False,
                  loc="upper center", bbox_to_anchor=(0.5, 0.96))
    figure.suptitle("The same work with more threads (lower is better)", fontsize=10, y=0.98)
    figure.subplots_adjust(hspace=0.4, top=0.9)
    return figure
