"""The command line's arguments."""
import argparse
import os

from . import allocator, gate
from .failure import Usage

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

EPILOG = """\
examples:
  bench/bench run                          the full comparison, half an hour
  bench/bench run --quick                  the same workloads, smaller, in three minutes
  bench/bench run --filter 'redis|jq' mine=/usr/local/lib/libmine.so
  bench/bench run --quick --gate time=0.95,worst=1.10,rss=1.0
  bench/bench run --threads 1,2,4,16,64    the threaded workloads by number of threads
  bench/bench python                       Python's objects from libpool against its own pymalloc
  bench/bench kernel --quick               page faults and memory calls of the programs
  bench/bench idle                         memory of a thread that has nothing to do
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


def add_measuring(commands, name, what, runs, quick):
    """A subcommand that measures: `runs` are the rounds of a full and of a quick run."""
    made = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".",
                               formatter_class=argparse.RawDescriptionHelpFormatter,
                               epilog=f"{gate.HELP}\n\nExit status: 0; 1 when --gate fails; 2 "
                               "for an error in the command.")
    add_allocators(made)
    made.add_argument("--filter", metavar="REGEX", help="only workloads whose FAMILY/NAME matches")
    made.add_argument("--runs", metavar="N", type=int, help=f"rounds ({runs[0]}; quick: {runs[1]})")
    made.add_argument("--quick", action="store_true", help=quick)
    made.add_argument("--results", metavar="FILE", help="the results file (DIR/bench-results/...)")
    add_outputs(made)
    made.set_defaults(rounds=runs, threads=None, scale=None, no_instructions=True)
    return made


def add_scale(parser):
    parser.add_argument("--scale", metavar="X", type=float,
                        help="size of the work (1; quick: 0.15)")


def add_run(commands):
    run = add_measuring(commands, "run", "measure, and say what was found", (5, 3),
                        "smaller inputs, under three minutes")
    add_scale(run)
    run.add_argument("--threads", metavar="LIST", help="only the threaded workloads, with each of "
                     "these numbers of threads, such as 1,2,4,16,64")
    run.add_argument("--no-instructions", action="store_true", help="leave callgrind out")
    run.set_defaults(no_instructions=False)
    add_scale(add_measuring(
        commands, "python", "Python's objects from each allocator (PYTHONMALLOC=malloc), beside "
        "its own pymalloc", (5, 3), "smaller inputs, under two minutes"))
    add_scale(add_measuring(
        commands, "kernel", "page faults and memory calls of the programs and all their children, "
        "counted", (1, 1), "smaller inputs, under two minutes"))
    idle = add_measuring(commands, "idle", "memory of a thread that took and freed small blocks "
                         "and has nothing to do", (5, 3), "fewer rounds")
    idle.add_argument("--threads", metavar="LIST", help="numbers of threads (64)")


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
    listed = commands.add_parser("list", help="the workloads of run, and what is missing to run "
                                 "them")
    listed.add_argument("--filter", metavar="REGEX")
    return parser.parse_args(arguments)
