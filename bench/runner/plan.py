"""What each command that measures is to measure: workloads, allocators and what counts of them."""
import os
import re
from dataclasses import dataclass

from . import idle, measure, programs, python, workload
from .failure import Usage


@dataclass
class Plan:
    workloads: list
    allocators: list  # the first is what the others are compared with
    metrics: tuple = measure.METRICS
    counted: bool = False  # memory calls are counted, times mean nothing


def default_threads():
    """As many as cores, but two at least and eight at most."""
    return min(8, max(2, len(os.sched_getaffinity(0))))


def numbers(text):
    try:
        counts = [int(count) for count in text.split(",")]
    except ValueError as error:
        raise Usage(f"--threads {text}: give numbers, such as 1,2,4,16,64") from error
    if min(counts) < 1:
        raise Usage(f"--threads {text}: there is no run with less than one thread")
    return counts


def select(workloads, pattern):
    """Those whose FAMILY/NAME matches."""
    try:
        chosen = [w for w in workloads if re.search(pattern or "", f"{w.family}/{w.name}")]
    except re.error as error:
        raise Usage(f"--filter '{pattern}' is no regular expression: {error}") from error
    if not chosen:
        raise Usage(f"no workload matches '{pattern}': there are "
                    f"{', '.join(w.name for w in workloads)} (bench list says more of those of "
                    "bench run)")
    return chosen


def measured(threads):
    """The workloads of bench run; with `threads`, the threaded ones at each of these counts."""
    if threads:
        return workload.own(default_threads(), numbers(threads))
    return workload.own(default_threads()) + programs.programs()


def of_run(options, allocators):
    return Plan(measured(options.threads), allocators)


def of_python(options, allocators):
    del options
    return Plan(python.scripts(), [python.own(), *allocators])


def of_kernel(options, allocators):
    del options
    return Plan(programs.programs(), allocators, ("kernel", "faults", "calls"), counted=True)


def of_idle(options, allocators):
    counts = numbers(options.threads) if options.threads else idle.COUNTS
    return Plan(idle.workloads(counts), allocators, ("idle",))


COMMANDS = {"run": of_run, "python": of_python, "kernel": of_kernel, "idle": of_idle}


def of(options, allocators):
    made = COMMANDS[options.command](options, allocators)
    made.workloads = select(made.workloads, options.filter)
    return made
