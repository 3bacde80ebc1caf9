#!/usr/bin/python3
"""Runs modules of CPython's own test suite with and without an allocator and compares the outcomes.

  tests/programs/cpython.py build/preload/libpool.so              every module
  tests/programs/cpython.py build/preload/libpool.so test_gc      this module
  tests/programs/cpython.py --list                                the names of the modules

Both runs go on at the same time. Every test must end the same way in both: passed, failed or
skipped. Some of the tests depend on time, so a module that differs is run again, both ways, twice
at most. Exit status: 0 the same, 1 a module differs, 2 wrong usage.
"""

import argparse
import shutil
import sys
import tempfile
import xml.etree.ElementTree as tree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from comparison import INSTALL_HINT, missing_witnesses  # noqa: E402
from witness import built_witness  # noqa: E402
from workspace import Subject, Workspace  # noqa: E402

PYTHON = "/usr/bin/python3"
TRIES = 3
MODULE_SECONDS = 400
SHOWN = 20

# Debian's package of the suite has no test_sqlite3 and no test_capi; the C modules that allocate
# much stand in for them. The slow ones come first.
MODULES = [
    "test_asyncio", "test_multiprocessing_fork", "test_ssl", "test_subprocess", "test_threading",
    "test_lzma", "test_fork1", "test_weakref", "test_buffer", "test_gc", "test_thread",
    "test_json", "test_re", "test_zlib", "test_ctypes", "test_unicode", "test_xml_etree_c",
    "test_atexit",
]


def outcome(case):
    kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
    return "+".join(sorted(kinds)) or "passed"


def run_module(module, directory, subject):
    """How often each test ended in which way, and what the run printed last."""
    space = Workspace(directory, subject)
    report = space.path("report.xml")
    space.run(PYTHON, "-m", "test", "--tempdir", str(directory), "--junit-xml", report, module,
              seconds=MODULE_SECONDS)
    try:
        cases = list(tree.parse(report).iter("testcase"))
        outcomes = Counter((case.get("name"), outcome(case)) for case in cases)
    except (OSError, tree.ParseError):
        # The interpreter did not live to write its report.
        outcomes = Counter({(module, space.transcript[0][1]): 1})
    last_words = "\n".join(text[-1500:] for _, text in space.transcript)
    witnesses = space.witnesses()
    space.remove()
    return outcomes, last_words, witnesses


def compare_once(module, subject, scratch):
    with ThreadPoolExecutor(2) as pool:
        without = pool.submit(run_module, module, f"{scratch}/{module}.without", None)
        with_it = pool.submit(run_module, module, f"{scratch}/{module}.with", subject)
        before, after = without.result(), with_it.result()
    problems = [f"only without: {name}: {how}" for name, how in before[0] - after[0]]
    problems += [f"only with:    {name}: {how}" for name, how in after[0] - before[0]]
    if problems:
        problems = problems[:SHOWN] + [f"{max(0, len(problems) - SHOWN)} differences more"]
        problems.append(f"last words with the allocator:\n{after[1]}")
    problems += missing_witnesses([Path(PYTHON).name], after[2], subject.allocator)
    if not any(how == "passed" for _, how in before[0]):
        problems.append(f"nothing passes without the allocator either: is the suite there? "
                        f"{INSTALL_HINT}\n{before[1]}")
    return before[0], problems


def compare(module, subject, scratch):
    for attempt in range(1, TRIES + 1):
        outcomes, problems = compare_once(module, subject, scratch)
        if not problems:
            break
        print(f"     {module}, try {attempt}:\n     " +
              "\n".join(problems).replace("\n", "\n     "), flush=True)
    counts = Counter()
    for (_, how), count in outcomes.items():
        counts[how] += count
    summary = ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))
    print(f"{'FAIL' if problems else 'ok  '} {module:28} without: {summary}; try {attempt}",
          flush=True)
    return not problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("allocator", nargs="?", help="the shared object to preload")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="only these modules")
    parser.add_argument("--witness", help="the built witness (by default it is compiled)")
    parser.add_argument("--list", action="store_true", help="print the names of the modules")
    chosen = parser.parse_intermixed_args()
    if chosen.list:
        print("\n".join(MODULES))
        return 0
    if not chosen.allocator or not Path(chosen.allocator).exists():
        parser.error("name the shared object to preload, such as build/preload/libpool.so")
    scratch = tempfile.mkdtemp(prefix="cpython.")
    try:
        subject = Subject(chosen.allocator, built_witness(chosen.witness, scratch),
                          scratch)
        modules = chosen.modules or MODULES
        failed = sum(not compare(module, subject, scratch) for module in modules)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{len(modules) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
