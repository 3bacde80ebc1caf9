"""The command line: bench run, compare, report, readme, pair, list."""
import argparse
import datetime
import json
import os
import re
import shlex
import shutil
import sys
import tempfile

from . import (allocator, chart, compare, gate, instructions, machine, programs, readme, report,
               results, session, table, workload)
from .failure import Usage
from .progress import Progress

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

EPILOG = """\
examples:
  bench/bench run                          the full comparison, half an hour
  bench/bench run --quick                  the same workloads, smaller, in three minutes
  bench/bench run --filter 'redis|jq' mine=/usr/local/lib/libmine.so
  bench/bench run --quick --gate time=0.95,worst=1.10,rss=1.0
  bench/bench run --threads 1,2,4,16,64    the threaded workloads by number of threads
  bench/bench compare OLD.json NEW.json    what moved beyond noise
"""


def add_allocators(parser):
    parser.add_argument("others", nargs="*", metavar="NAME=PATH",
                        help="another allocator's shared object; replaces one of that name")
    parser.add_argument("--allocators", metavar="LIST", help="only these names, and glibc")
    parser.add_argument("--build", metavar="DIR", default=os.path.join(ROOT, "build"),
                        help="the build directory (build)")
    parser.add_argument("--libpool", metavar="PATH", help="libpool.so (DIR/preload/libpool.so)")
    parser.add_argument("--subject", metavar="NAME", default=allocator.SUBJECT,
                        help="the allocator to be judged (libpool)")
    parser.add_argument("--slow-libpool", metavar="N", type=int, default=0,
                        help="spin N times at each malloc and free of libpool: shows that the gate "
                        "and compare notice")


def add_run(commands):
    run = commands.add_parser("run", help="measure, and say what was found",
                              formatter_class=argparse.RawDescriptionHelpFormatter,
                              epilog=f"{gate.HELP}\n\nExit status: 0; 1 when --gate fails; 2 "
                              "for an error in the command.")
    add_allocators(run)
    run.add_argument("--filter", metavar="REGEX", help="only workloads whose FAMILY/NAME matches")
    run.add_argument("--runs", metavar="N", type=int, help="rounds (5; quick: 3)")
    run.add_argument("--quick", action="store_true", help="smaller inputs, under three minutes")
    run.add_argument("--threads", metavar="LIST", help="only the threaded workloads, with each of "
                     "these numbers of threads, such as 1,2,4,16,64")
    run.add_argument("--scale", metavar="X", type=float, help="size of the work (1; quick: 0.15)")
    run.add_argument("--no-instructions", action="store_true", help="leave callgrind out")
    run.add_argument("--results", metavar="FILE", help="the results file (DIR/bench-results/...)")
    add_outputs(run)


def add_outputs(parser):
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead")
    parser.add_argument("--markdown", metavar="FILE", help="write the report as Markdown")
    parser.add_argument("--charts", metavar="DIR", help="write charts as SVG and PNG")
    parser.add_argument("--gate", metavar="FIGURES", type=gate_figures,
                        help="exit status 1 when libpool falls short, such as time=0.95,rss=1.0")


def gate_figures(text):
    try:
        return gate.parse(text)
    except Usage as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bench", description="Compares libpool with the other "
                                     "allocators, side by side.", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_run(commands)
    shown = commands.add_parser("report", help="the report of an earlier run")
    shown.add_argument("file", metavar="RESULTS")
    add_outputs(shown)
    compared = commands.add_parser(
        "compare", help="what moved between two runs beyond noise", epilog="Exit status: 0; 1 when "
        "libpool takes more time or memory somewhere, or fails where it did not; 2 for an error.")
    compared.add_argument("old", metavar="OLD")
    compared.add_argument("new", metavar="NEW")
    compared.add_argument("--json", action="store_true", help="print it as JSON")
    written = commands.add_parser("readme", help="rewrite the README's performance section")
    written.add_argument("file", metavar="RESULTS")
    written.add_argument("--readme", metavar="FILE", default=os.path.join(ROOT, "README.md"))
    written.add_argument("--charts", metavar="DIR", default=os.path.join(ROOT, "docs", "bench"))
    pairs = commands.add_parser("pair", help="instructions of a malloc and free of 24 bytes, and "
                                "of a C++ new and sized delete")
    add_allocators(pairs)
    pairs.add_argument("--json", action="store_true", help="print it as JSON")
    listed = commands.add_parser("list", help="the workloads, and what is missing to run them")
    listed.add_argument("--filter", metavar="REGEX")
    return parser.parse_args(arguments)


def select(options, threads):
    """The workloads that were asked for."""
    counts = getattr(options, "threads", None)
    if counts:
        try:
            scaling = [int(count) for count in counts.split(",")]
        except ValueError as error:
            raise Usage(f"--threads {counts}: give numbers, such as 1,2,4,16,64") from error
        everything = workload.own(threads, scaling)
    else:
        everything = workload.own(threads) + programs.programs()
    pattern = options.filter or ""
    try:
        chosen = [w for w in everything if re.search(pattern, f"{w.family}/{w.name}")]
    except re.error as error:
        raise Usage(f"--filter '{pattern}' is no regular expression: {error}") from error
    if not chosen:
        raise Usage(f"no workload matches '{pattern}': bench list names them all")
    return chosen


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


def default_threads():
    """As many as cores, but two at least and eight at most."""
    return min(8, max(2, len(os.sched_getaffinity(0))))


def do_run(options, command):
    threads = default_threads()
    allocators, missing = find_allocators(options)
    chosen = select(options, threads)
    scale = options.scale or (0.15 if options.quick else 1.0)
    runs = options.runs or (3 if options.quick else 5)
    scratch = tempfile.mkdtemp(prefix="bench-")
    try:
        bench = workload.Bench(os.path.abspath(options.build), scratch, scale)
        bench.launcher = bench.binary("launch")
        document = measure_all(options, bench, chosen, allocators, runs)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    document |= {"command": command, "runs": runs, "scale": scale, "threads": threads,
                 "quick": options.quick, "subject": options.subject,
                 "pool_conf": os.environ.get("POOL_CONF", "")}
    document["not_run"]["allocators"] = missing
    path = options.results or results.default_path(options.build)
    results.save(document, path)
    status = show(results.Results(document), options)
    print(f"results: {path}", file=sys.stderr)
    return status


def measure_all(options, bench, chosen, allocators, runs):
    """Runs a session and the counting of instructions; most of the results document."""
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
        bench.launcher = bench.binary("launch")
        progress = Progress(1 + len(instructions.KINDS) * len(allocators))
        pairs = instructions.pairs(bench, instructions.KINDS, allocators, progress)
        progress.end()
    names = [a.name for a in allocators]
    print(json.dumps(pairs, indent=1) if options.json
          else table.text(*report.pair_table(pairs, names)))
    return 0 if all(isinstance(c, float) for of in pairs.values() for c in of.values()) else 1


def do_list(options):
    rows = [[w.family, w.name, w.missing() or "ready"]
            for w in select(options, default_threads())]
    print(table.text(["family", "workload", ""], rows))
    return 0


def main(arguments):
    options = parse(arguments)
    try:
        if options.command == "run":
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
