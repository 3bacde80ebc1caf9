"""A comparison: one case run without and with the allocator, and what differs."""

import difflib
import importlib
import shutil
import time
import traceback
from pathlib import Path

from workspace import Workspace, search_path

CASES = Path(__file__).resolve().parent / "cases"
EXCERPT_LINES = 40
INSTALL_HINT = "install it with script/install-deps"


def case_names():
    return sorted(path.stem for path in CASES.glob("*.py") if path.stem != "__init__")


class Result:
    """How a case went; no problems means that it passed."""

    def __init__(self, name):
        self.name = name
        self.problems = []
        self.seconds = {}
        self.processes = 0

    @property
    def passed(self):
        return not self.problems

    def as_dict(self):
        return {"case": self.name, "passed": self.passed, "problems": self.problems,
                "seconds_without": self.seconds.get("without"),
                "seconds_with": self.seconds.get("with"), "processes": self.processes}


def difference(before, after):
    """A unified diff of two transcripts, short enough to read; empty if they are the same."""
    if before == after:
        return ""
    flat = [[line for title, content in transcript
             for line in [f"[{title}]", *content.splitlines()]]
            for transcript in (before, after)]
    lines = list(difflib.unified_diff(*flat, "without", "with", lineterm="", n=2))
    # Same lines yet not the same: the line ends themselves differ.
    lines = lines or ["only line ends differ"]
    shown = [line if len(line) <= 300 else line[:300] + "..." for line in lines[:EXCERPT_LINES]]
    if len(lines) > EXCERPT_LINES:
        shown.append(f"... {len(lines) - EXCERPT_LINES} lines more")
    return "\n".join(shown)


def missing_witnesses(expected, witnesses, allocator):
    """What the processes of the run say against each expected one having used the allocator."""
    problems = []
    for program in expected:
        objects = {served_by for name, served_by in witnesses if name == program}
        if not objects:
            problems.append(f"no process named {program} was seen with the allocator preloaded")
        elif objects != {allocator}:
            problems.append(f"malloc of {program} is served by {', '.join(sorted(objects))}")
    return problems


def run_once(case, directory, subject, result):
    workspace = Workspace(directory, subject)
    start = time.monotonic()
    try:
        case.run(workspace)
    except Exception:  # whatever a case trips over, under the allocator or not, is its result
        when = "with" if subject else "without"
        result.problems.append(f"{when} the allocator: {traceback.format_exc(limit=-2)}")
    result.seconds["with" if subject else "without"] = time.monotonic() - start
    return workspace


def compare(name, subject, scratch, keep=False):
    """Runs the case both ways in the same directory, one after the other."""
    result = Result(name)
    case = importlib.import_module(f"cases.{name}")
    for program in case.PROGRAMS:
        if not shutil.which(program, path=search_path()):
            result.problems.append(f"{program} is not on this machine: {INSTALL_HINT}")
    if result.problems:
        return result
    directory = Path(scratch) / name
    before = run_once(case, directory, None, result)
    after = run_once(case, directory, subject, result)
    # A program that fails both ways the same has not been tested.
    result.problems += [f"without the allocator, {surprise}" for surprise in before.surprises]
    diff = difference(before.transcript, after.transcript)
    if diff:
        result.problems.append("the outputs differ:\n" + diff)
    witnesses = after.witnesses()
    result.processes = len(witnesses)
    expected = getattr(case, "WITNESSES", case.PROGRAMS)
    result.problems += missing_witnesses(expected, witnesses, subject.allocator)
    if not before.transcript:
        result.problems.append("the case recorded nothing to compare")
    if not keep:
        after.remove()
    return result


