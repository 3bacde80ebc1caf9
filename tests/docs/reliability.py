#!/usr/bin/env python3
"""The tests and files that docs/reliability.md names.

    reliability.py SOURCES BUILD

Every `suite: test` must be a test of the build, every path must exist, every row of a table but
its head must name a test, and as many cases of real programs as it says must be there.

Exit status: 0 all is true, 1 something is not.
"""
import json
import pathlib
import re
import subprocess
import sys


def tests_of(build):
    """The tests as `suite: name`."""
    listed = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True,
                            text=True, check=True).stdout
    return {f"{suite.split(':')[-1]}: {test['name']}"
            for test in json.loads(listed) for suite in test["suite"]}


def problems(text, sources, tests):
    for name in re.findall(r"`([a-z]+: [^`]+)`", text):
        if name not in tests:
            yield f"no such test: {name}"
    for path in re.findall(r"`((?:tests|docs|pool|preload|stats)/[^`]*)`", text):
        if not (sources / path).exists():
            yield f"no such file: {path}"
    for row in re.findall(r"^\|(.*)\|$", text, re.MULTILINE):
        last = row.split("|")[-1].strip()
        if last not in ("shown by", "---") and not re.search(r"`[a-z]+: [^`]+`", last):
            yield f"shown by no test: {row.strip()}"
    said = int(re.search(r"`programs` runs (\d+) cases", text).group(1))
    there = sum(test.startswith("programs: ") for test in tests)
    if said != there:
        yield f"{said} cases of programs are said to be run, and {there} are"


def main():
    sources, build = map(pathlib.Path, sys.argv[1:3])
    text = (sources / "docs" / "reliability.md").read_text(encoding="utf-8")
    found = list(problems(text, sources, tests_of(build)))
    for problem in found:
        print(f"docs/reliability.md: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
