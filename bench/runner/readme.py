"""The README's performance section, made from a results file."""
import os

from . import chart, report, spread, summary, table
from .failure import Usage

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def rewrite(path, results, charts):
    """Puts the section between the marks of a README and the charts into a directory beside it."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from error
    if BEGIN not in text or END not in text:
        raise Usage(f"{path} has no place for the section: put {BEGIN} and {END} on lines of their "
                    "own where it is to be")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    names = chart.draw(results, charts)
    base = os.path.relpath(charts, os.path.dirname(os.path.abspath(path)))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{section(results, names, base)}{END}{after}")


def section(results, names, base):
    document, machine = results.document, results.document["machine"]
    builds = ", ".join(f"{a['name']} ({a['package']})" if a["package"] else a["name"]
                       for a in document["allocators"])
    parts = [
        f"Made by `{document['command']}` at commit {document['commit'] or 'unknown'}, "
        f"{document['date'][:10]}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory'] / (1 << 30):.0f} GiB, {machine['kernel']}, {machine['system']}, huge "
        f"pages {machine['huge_pages']}. Allocators: {builds}. Medians of {document['runs']} runs."
        + report.busy(document),
        f"Geometric means relative to {results.base}; below 1 is better. \"best of all\" takes the "
        "best other allocator at each workload anew.",
    ]
    judged = report.judged(results)
    parts += [table.markdown(*report.mean_table(results, metric)) for metric in judged]
    parts += [f"![{name}]({base}/{name}.svg)" for name in names if not name.endswith("-workloads")]
    parts += report.special_parts(results, table.markdown, lambda text: f"**{text}**")
    parts += [report.verdict(results, "- "), *(wins(results, metric) for metric in judged)]
    parts += report.troubles(results)
    parts.append("Every workload:\n\n" + "\n\n".join(
        f"![{name}]({base}/{name}.svg)" for name in names if name.endswith("-workloads")))
    parts.append("`bench/bench readme RESULTS.json` writes this section from a run's results.")
    return "\n\n".join(parts) + "\n"


def wins(results, metric):
    """Every workload that can be told apart from the best other or the base, best to worst."""
    rows = []
    for workload in results.workloads:
        best = results.best_other(workload, metric)
        value = best and summary.ratio(results, workload, results.subject, metric, best)
        if not value:
            rows.append((float("inf"), [workload["name"], "FAILED", "", ""]))
            continue
        same = not summary.told_apart(results, workload, results.subject, best, metric)
        verdict = "not told apart" if same else "ahead" if value < 1 else "behind"
        to_base = summary.ratio(results, workload, results.subject, metric, results.base)
        spread_text = f"±{spread.width(results.samples(workload, results.subject, metric)):.0%}"
        rows.append((value, [workload["name"], f"{value:.2f} of {best}", verdict,
                             f"{to_base:.2f} {spread_text}" if to_base else "-"]))
    rows.sort(key=lambda row: row[0])
    header = [report.TITLES[metric], f"{results.subject} to the best other", "",
              f"to {results.base}"]
    return (f"<details><summary>{report.TITLES[metric]}: every workload</summary>\n\n"
            f"{table.markdown(header, [row[1] for row in rows])}\n\n</details>")
