#!/usr/bin/env python3
"""The parts of README.md that programs can check or write.

    readme.py README POOLSTAT LIBPOOL            what has gone stale; exit status 1 if anything has
    readme.py README POOLSTAT LIBPOOL --write    writes the options and the sample anew

The table of options is what `poolstat options --json` says. The sample is of a real process, so
its figures differ each time; its items must be those that poolstat prints, and must add up.
Also: the files, options and commands that the text names must exist.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

PROGRAM = """
import ast, glob, os, time
files = sorted(glob.glob(os.path.dirname(os.__file__) + "/*.py"))
trees = [ast.parse(open(path, "rb").read()) for path in files]
del trees[::2]
print("ready", flush=True)
time.sleep(60)
"""


def poolstat(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True,
                          env=dict(os.environ, NO_COLOR="1")).stdout


def options_table(program):
    rows = json.loads(poolstat(program, "options", "--json"))
    lines = ["| key | default | value | meaning |", "|---|---|---|---|"]
    lines += [f"| `{row['option']}` | {row['default']} | {row['value']} | {row['meaning']} |"
              for row in rows]
    return "\n".join(lines) + "\n"


def sample(program, library):
    environment = dict(os.environ, LD_PRELOAD=str(library), PYTHONMALLOC="malloc")
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True,
                          env=environment) as process:
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("the program under libpool did not start")
            time.sleep(0.2)
            said = poolstat(program, str(process.pid)).rstrip()
        finally:
            process.kill()
    return f"```\n$ poolstat {process.pid}\n{said}\n```\n"


def between(text, name):
    found = re.search(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->", text, re.DOTALL)
    return found.group(1) if found else None


def replaced(text, name, part):
    mark = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    return mark.sub(lambda found: found.group(1) + part + found.group(2), text)


SOMETIMES = {"huge pages"}  # shown when there is something to show
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def items(part):
    """Label and bytes of each line of the account, sums with their sign in front."""
    found = re.findall(r"^([= ]) (.{14}) +(-?[\d.]+) (B|KiB|MiB|GiB) ", part, re.MULTILINE)
    return [((kind + " " + label).strip(), float(number) * UNITS[unit])
            for kind, label, number, unit in found]


def wrong_sum(part):
    """What does not add up in the sample, each item being rounded to a tenth of its unit."""
    total = 0
    for label, size in items(part):
        if label.startswith("="):
            if abs(total - size) > 0.01 * size + (1 << 20):
                return f"the sample's items above '{label}' add up to {total:.0f}"
            total = size
        else:
            total += size
    return None


def check_sample(text, program, library):
    part, now = between(text, "sample"), sample(program, library)
    labels, today = ([label for label, _ in items(shown) if label not in SOMETIMES]
                     for shown in (part, now))
    if labels != today or len(labels) < 8:
        yield "the sample shows other items than poolstat does: --write"
    for shown in (part, now):
        wrong = wrong_sum(shown)
        if wrong:
            yield wrong


def check_names(readme, text, program):
    root = readme.parent
    for path in set(re.findall(r"\]\(([\w./-]+)\)", text)) | set(
            re.findall(r"\b((?:script|docs|tests|bench|pool|stats|preload)/[\w./-]*\w)\b", text)):
        built = path.startswith(("stats/poolstat", "preload/libpool"))
        if not built and not (root / path).exists():
            yield f"{path} is not there"
    known = poolstat(program, "--help")
    for option in set(re.findall(r"poolstat (--\w+)", text)) | set(
            re.findall(r"`(--\w+)(?: \d)?`", text)):
        if option not in known:
            yield f"poolstat has no {option}"
    for command in set(re.findall(r"poolstat ([a-z]\w+) (?:PID|PROGRAM)", text)):
        if f"  {command} " not in known:
            yield f"poolstat has no command {command}"


def main():
    readme, program, library = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    text = readme.read_text(encoding="utf-8")
    if sys.argv[4:] == ["--write"]:
        text = replaced(text, "options", "\n" + options_table(program) + "\n")
        readme.write_text(replaced(text, "sample", sample(program, library)), encoding="utf-8")
        return 0
    wrong = list(check_names(readme, text, program))
    if between(text, "options").strip() != options_table(program).strip():
        wrong.append("the table of options is not what poolstat says: --write")
    wrong += check_sample(text, program, library)
    for what in wrong:
        print(f"{readme}: {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
