"""What the commands do: bench run, python, kernel, idle, compare, report, readme, pair, list."""
import datetime
import json
import os
import shlex
import shutil
import sys
import tempfile

from . import (allocator, chart, compare, gate, instructions, machine, plan, readme, report,
               results, session, table, workload)
from .failure import Usage
from .options import parse
from .progress import Progress

def find_allocators(options):
    wanted = options.allocators.split(",") if options.allocators else None
    found, missing = allocator.discover(
        options.others, wanted, options.libpool, options.build,
        without_subject=options.subject != allocator.SUBJECT)
    if options.slow_libpool:
        os.environ["BENCH_SLOW"] = str(options.slow_libpool)
        library = os.path.join(os.path.abspath(options.build), "bench", "libslow.so")
        found = allocator.slowed(found, library)
    return found, missing


def do_run(options, command):
    allocators, missing = find_allocators(options)
    made = plan.of(options, allocators)
    scale = options.scale or (0.15 if options.quick else 1.0)
    runs = options.runs or options.rounds[1 if options.quick else 0]
    scratch = tempfile.mkdtemp(prefix="bench-")
    try:
        bench = workload.Bench(os.path.abspath(options.build), scratch, scale)
        bench.launcher = [bench.binary("launch"), *(["-c"] if made.counted else [])]
        document = measure_all(options, bench, made, runs)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    document |= {"command": command, "runs": runs, "scale": scale,
                 "threads": plan.default_threads(), "quick": options.quick,
                 "subject": options.subject, "pool_conf": os.environ.get("POOL_CONF", "")}
    document["not_run"]["allocators"] = missing
    path = options.results or results.default_path(options.build)
    results.save(document, path)
    status = show(results.Results(document), options)
    print(f"results: {path}", file=sys.stderr)
    return status


def measure_all(options, bench, planned, runs):
    """Runs a session and the counting of instructions; most of the results document."""
    chosen, allocators = planned.workloads, planned.allocators
    started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    described = machine.describe()  # before the load average is our own
    made = session.Session(bench, chosen, allocators, runs)
    kinds, counted = [], []
    if any(w.family == "micro" for w in chosen) and not options.no_instructions:
        kinds = instructions.KINDS[:1] if options.quick else instructions.KINDS
        counted = [] if options.quick else made.workloads
    progress = Progress(made.steps() + 1 + len(kinds) * len(allocators) +
                        instructions.steps(counted, allocators))
    made.run(progress)
    pairs = instructions.pairs(bench, kinds, allocators, progress)
    if counted:
        instructions.fill(made, bench, progress)
    progress.end()
    return {
        "format": results.FORMAT, "date": started, "commit": machine.commit(),
        "base": allocators[0].name, "metrics": planned.metrics, "counted": planned.counted,
        "machine": described, "versions": machine.versions(),
        "allocators": [a.identity() for a in allocators], "workloads": made.document(),
        "pair": pairs, "not_run": {"workloads": made.missing},
    }


def show(found, options):
    """Prints and writes what was asked for; the exit status."""
    if options.json:
        json.dump(found.document, sys.stdout, indent=1)
        print()
    else:
        print(report.report(found), end="")
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(report.report(found, markdown=True))
    if options.charts:
        chart.draw(found, options.charts)
    if not options.gate:
        return 0
    passed, lines = gate.check(found, options.gate)
    print("\n".join(lines), file=sys.stderr if options.json else sys.stdout)
    return 0 if passed else 1


def do_compare(options):
    old, new = results.load(options.old), results.load(options.new)
    moved, failures = compare.compare(old, new)
    means = compare.overall(old, new)
    if options.json:
        json.dump({"moved": moved, "failures": failures, "means": means}, sys.stdout, indent=1)
        print()
    else:
        show_moves(old, new, moved, failures, means)
    return 1 if compare.worse(new.subject, moved, failures) else 0


def show_moves(old, new, moved, failures, means):
    for failure in failures:
        print(f"{failure['workload']} under {failure['allocator']}: "
              + (f"now FAILED: {failure['new']}" if failure["new"] else "no longer fails"))
    rows = [[m["workload"], m["allocator"], report.TITLES[m["metric"]],
             table.quantity(m["old"], m["metric"]), table.quantity(m["new"], m["metric"]),
             f"{m['ratio']:.2f}", "better" if m["ratio"] < 1 else "worse"] for m in moved]
    header = ["workload", "allocator", "what", "old", "new", "ratio", ""]
    print(table.text(header, rows) if rows else "Nothing moved beyond noise.")
    print("\nmeans of all changes, new to old:")
    names = [name for name in old.names if name in new.names]
    print(table.text(["", *names], [[report.TITLES[metric], *(f"{of.get(n, 0):.3f}" for n in names)]
                                    for metric, of in means.items()]))


def do_pair(options):
    allocators, _ = find_allocators(options)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = workload.Bench(os.path.abspath(options.build), scratch, 1)
        bench.launcher = [bench.binary("launch")]
        progress = Progress(1 + len(instructions.KINDS) * len(allocators))
        pairs = instructions.pairs(bench, instructions.KINDS, allocators, progress)
        progress.end()
    names = [a.name for a in allocators]
    print(json.dumps(pairs, indent=1) if options.json
          else table.text(*report.pair_table(pairs, names)))
    return 0 if all(isinstance(c, float) for of in pairs.values() for c in of.values()) else 1


def do_list(options):
    rows = [[w.family, w.name, w.missing() or "ready"]
            for w in plan.select(plan.measured(None), options.filter)]
    print(table.text(["family", "workload", ""], rows))
    return 0


def main(arguments):
    options = parse(arguments)
    try:
        if options.command in plan.COMMANDS:
            return do_run(options, shlex.join(["bench/bench", *arguments]))
        if options.command == "report":
            return show(results.load(options.file), options)
        if options.command == "compare":
            return do_compare(options)
        if options.command == "pair":
            return do_pair(options)
        if options.command == "list":
            return do_list(options)
        readme.rewrite(options.readme, results.load(options.file), options.charts)
        return 0
    except Usage as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: interrupted; nothing was written", file=sys.stderr)
        return 130
