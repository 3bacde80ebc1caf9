"""Instructions an allocator executes per operation, counted by callgrind.

A workload is run with two numbers of rounds; what the second executes more, outside the workload's
own code, is the allocator's, with the parts of libc that it calls. The counts repeat exactly."""
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor

from . import measure
from .failure import Failure, Usage

VALGRIND = "/usr/bin/valgrind"
NAMED = re.compile(r"^(c?ob|c?f[nile]+)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^[+*-]?\d*\s+(\d+)$")
PAIRS = (2000, 12000)
KINDS = ("malloc", "new")


def parse(lines, own):
    """The instructions of a callgrind file executed outside the object file `own`."""
    objects, current, outside, skip = {}, "", 0, False
    for line in lines:
        if line.startswith("ob="):
            current = object_name(line, objects)
        elif line.startswith("cob="):
            object_name(line, objects)
        elif line.startswith("calls="):
            skip = True  # the next line is what the called function cost, counted at its own place
        else:
            cost = COST.match(line)
            if cost and not skip and current != own:
                outside += int(cost[1])
            skip = skip and not cost
    return outside


def object_name(line, names):
    found = NAMED.match(line)
    if not found:
        return line.partition("=")[2].strip()
    if found[3]:
        names[found[2]] = found[3].strip()
    return names[found[2]]


def count(bench, order, allocator):
    """Runs an order under callgrind: the instructions outside its own binary, and its output."""
    if not os.access(VALGRIND, os.X_OK):
        raise Usage("instructions are counted with valgrind: apt-get install valgrind, or give "
                    "--no-instructions")
    with tempfile.TemporaryDirectory(dir=bench.scratch) as directory:
        path = os.path.join(directory, "callgrind.out")
        own = os.path.realpath(order.command[0])
        command = [VALGRIND, "-q", "--tool=callgrind", f"--callgrind-out-file={path}",
                   *order.command]
        _, output = measure.run(bench.launcher, measure.Order(command), allocator, bench.scratch)
        if not os.path.exists(path):
            raise Failure("callgrind wrote no counts")
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse(file, own), output


def pair(bench, kind, allocator):
    """Instructions of one pair of malloc and free, or new and sized delete, of 24 bytes."""
    few, many = (count(bench, measure.Order([bench.binary("pair"), kind, str(number)]),
                       allocator)[0] for number in PAIRS)
    return (many - few) / (PAIRS[1] - PAIRS[0])


def pairs(bench, kinds, allocators, progress):
    """{kind: {allocator: instructions, or the reason of a failure}}."""
    def one(kind, allocator):
        progress.step(f"callgrind: {kind} pair under {allocator.name}")
        try:
            return pair(bench, kind, allocator)
        except Failure as failure:
            return str(failure)
    return {kind: {a.name: one(kind, a) for a in allocators} for kind in kinds}


def per_operation(bench, workload, allocator):
    """A micro workload's instructions per operation."""
    totals = []
    for rounds in (workload.rounds, 2 * workload.rounds):
        order, operations = workload.operations(bench, rounds)
        instructions, output = count(bench, order, allocator)
        totals.append((instructions, operations(output)))
    (few, less), (many, more) = totals
    return (many - few) / (more - less)


def fill(session, bench, progress):
    """Counts every micro workload of a session that can be counted, two at a time: counting, unlike
    timing, does not mind a neighbour."""
    jobs = [(w, a) for w in session.workloads if getattr(w, "rounds", 0)
            for a in session.allocators if not session.entries[w.name][a.name].failed]

    def one(job):
        workload, allocator = job
        progress.step(f"callgrind: {workload.name} under {allocator.name}")
        entry = session.entries[workload.name][allocator.name]
        try:
            entry.instructions = per_operation(bench, workload, allocator)
        except Failure as failure:
            entry.failed = f"under callgrind: {failure}"
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        list(pool.map(one, jobs))


def steps(workloads, allocators):
    return sum(1 for w in workloads if getattr(w, "rounds", 0)) * len(allocators)
