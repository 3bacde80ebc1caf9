#!/usr/bin/python3
"""Runs real programs with and without an allocator preloaded and compares what they do.

  tests/programs/run.py build/preload/libpool.so              every case
  tests/programs/run.py build/preload/libpool.so perl redis   these cases
  tests/programs/run.py --list                                the names of the cases

Output must be the same byte for byte, and so must the exit status; every program named by the case
must have been served by the allocator. Exit status: 0 all passed, 1 a case failed, 2 wrong usage.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from comparison import case_names, compare  # noqa: E402
from witness import built_witness  # noqa: E402
from workspace import Subject  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("allocator", nargs="?", help="the shared object to preload")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these cases")
    parser.add_argument("--witness", help="the built witness (by default it is compiled)")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    parser.add_argument("--keep", action="store_true", help="keep the working directories")
    parser.add_argument("--json", action="store_true", help="one JSON object per case")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    chosen = parser.parse_intermixed_args()
    if not chosen.list:
        check_arguments(parser, chosen)
    return chosen


def check_arguments(parser, chosen):
    if not chosen.allocator:
        parser.error("name the shared object to preload, such as build/preload/libpool.so")
    if not os.path.exists(chosen.allocator):
        parser.error(f"{chosen.allocator} is not there: build it with ninja -C BUILDDIR")
    unknown = sorted(set(chosen.cases) - set(case_names()))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; run with --list to see the names")


def coloured(text, colour):
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\033[{colour}m{text}\033[0m"
    return text


def report(result, as_json):
    if as_json:
        print(json.dumps(result.as_dict()), flush=True)
        return
    word = coloured("ok  ", 32) if result.passed else coloured("FAIL", 31)
    times = ", ".join(f"{seconds:.2f} s {when}" for when, seconds in result.seconds.items())
    print(f"{word} {result.name:20} {times}; {result.processes} processes", flush=True)
    for problem in result.problems:
        print("     " + problem.rstrip().replace("\n", "\n     "), flush=True)


def run_all(names, subject, scratch, chosen):
    failed = 0
    terminal = sys.stderr.isatty()
    with ThreadPoolExecutor(max(1, chosen.jobs)) as pool:
        pending = [pool.submit(compare, name, subject, scratch, chosen.keep) for name in names]
        for name, future in zip(names, pending):
            if terminal:
                print(f"\r\033[K... {name}", end="", file=sys.stderr, flush=True)
            result = future.result()
            if terminal:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            report(result, chosen.json)
            failed += not result.passed
    return failed


def main():
    chosen = arguments()
    if chosen.list:
        print("\n".join(case_names()))
        return 0
    names = chosen.cases or case_names()
    scratch = tempfile.mkdtemp(prefix="programs.")
    # Servers that give up root need to reach their directories.
    os.chmod(scratch, 0o755)
    try:
        subject = Subject(chosen.allocator, built_witness(chosen.witness, scratch),
                          scratch)
        failed = run_all(names, subject, scratch, chosen)
    finally:
        if chosen.keep:
            print(f"kept: {scratch}", file=sys.stderr)
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    if not chosen.json:
        print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
