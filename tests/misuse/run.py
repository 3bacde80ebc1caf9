#!/usr/bin/env python3
"""Runs every case of the misuse programs under libpool.

    run.py LIBPOOL PROGRAM [NAME]

A case prints the line that libpool should stop it with. It passes when exactly that line and the
hint after it are on stderr and SIGABRT ended the program; a case that expects nothing, when it
ended normally and silently. Output: TAP. Exit status: 0, or 1 when a case failed.
"""
import os
import signal
import subprocess
import sys

HINT = "libpool: stopping here; a debugger shows the caller: gdb -ex run -ex bt --args PROGRAM ARGUMENTS"


def run(library, program, name):
    """Returns what is wrong; the empty string if nothing is."""
    environment = dict(os.environ, LD_PRELOAD=library)
    environment.pop("POOL_CONF", None)
    try:
        done = subprocess.run([program, name], env=environment, capture_output=True, text=True,
                              timeout=60)
    except subprocess.TimeoutExpired:
        return "still running after 60 s"
    expected = done.stdout.splitlines()
    if len(expected) != 1:
        return f"said {done.stdout!r} instead of one expectation, stderr {done.stderr!r}"
    said = done.stderr.splitlines()
    if expected == ["nothing"]:
        expected, status = [], 0
    else:
        expected, status = [*expected, HINT], -signal.SIGABRT
    if said != expected:
        return f"expected {expected}, stderr {said}, status {done.returncode}"
    if done.returncode != status:
        return f"expected status {status}, got {done.returncode}"
    return ""


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    library, program = sys.argv[1:3]
    names = subprocess.run([program, "--list"], check=True, capture_output=True,
                           text=True).stdout.split()
    if len(sys.argv) == 4:
        names = [name for name in names if name == sys.argv[3]]
    failed = 0
    print(f"1..{len(names)}")
    for number, name in enumerate(names, 1):
        wrong = run(library, program, name)
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        if wrong:
            print(f"# {wrong}")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
