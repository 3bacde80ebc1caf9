"""One run of one program under one allocator: what it used, or why it failed."""
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field

from .failure import Failure

METRICS = ("time", "cpu", "rss", "faults")  # seconds, seconds, bytes, count; of every run

# Seconds after which a program is taken to hang: many times what the slowest needs.
TIMEOUT = 100


@dataclass
class Sample:
    time: float
    cpu: float
    rss: int
    faults: int
    checksum: str = ""
    operations: float = 0  # per second, for micro workloads
    figures: dict = field(default_factory=dict)  # what the workload itself reports
    series: dict = field(default_factory=dict)
    counts: dict = field(default_factory=dict)  # further metrics: kernel work, idle threads


@dataclass
class Order:
    """A program to run: its command, environment additions and output files to be checked."""
    command: list
    environment: dict = field(default_factory=dict)
    directory: str = "."
    outputs: list = field(default_factory=list)
    timeout: int = TIMEOUT
    user: str = ""


FIGURE = re.compile(r"^(figure|series) (\S+) (.*)\n", re.MULTILINE)

# What a measured program gets of the caller's environment. Anything else could change its way:
# meson sets MALLOC_PERTURB_ in tests, which slows glibc. POOL_CONF configures libpool, and a
# results file says what it was.
KEPT = ("PATH", "HOME", "TMPDIR", "POOL_CONF", "BENCH_SLOW")


def environment(additions):
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"} | additions


def explain(report, errors):
    """Why a program failed, in one line; "" when it did not."""
    last = errors.strip().splitlines()[-1][:200] if errors.strip() else ""
    said = f": {last}" if last else ""
    if "cannot be preloaded" in errors:
        line = next(l for l in errors.splitlines() if "cannot be preloaded" in l)
        return f"the allocator could not be preloaded: {line.strip()[:200]}"
    if report["timed_out"]:
        return f"did not end in time{said}"
    if report["signal"]:
        return f"killed by {signal.Signals(report['signal']).name}{said}"
    if report["exit"]:
        return f"exit status {report['exit']}{said}"
    return ""


def start(launcher, order, allocator, scratch):
    """Starts the program; `finish` waits for it. Only the program itself sees LD_PRELOAD."""
    names = {"r": "report", "o": "out", "e": "err"}
    files = {name: tempfile.mkstemp(prefix=name, dir=scratch)[1] for name in names.values()}
    command = [*launcher, "-p", allocator.preload if allocator else "", "-t", str(order.timeout)]
    for option, name in names.items():
        command += [f"-{option}", files[name]]
    if order.user:
        command += ["-u", order.user]
    process = subprocess.Popen(command + order.command, cwd=order.directory,
                               env=environment(order.environment), stdin=subprocess.DEVNULL)
    return process, files


def finish(process, files, order):
    """Waits for what `start` started. Raises Failure, or returns its Sample and its output."""
    try:
        if process.wait() != 0:
            raise Failure("the launcher failed: " + read(files["err"]).strip()[-200:])
        report = json.loads(read(files["report"]))
        reason = explain(report, read(files["err"]))
        if reason:
            raise Failure(reason)
        output = read(files["out"])
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        for path in files.values():
            os.unlink(path)
    sample = Sample(time=report["wall"] / 1e9, cpu=(report["user"] + report["system"]) / 1e6,
                    rss=report["rss"] * 1024, faults=report["minor"] + report["major"])
    if "calls" in report:
        calls = sum(report["calls"].values())
        sample.counts = {"kernel": sample.faults + calls, "calls": calls, **report["calls"]}
    sample.checksum = checksum(FIGURE.sub("", output), order)
    for kind, name, text in FIGURE.findall(output):
        if kind == "figure":
            sample.figures[name] = float(text)
        else:
            sample.series[name] = [float(value) for value in text.split()]
    return sample, output


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def checksum(output, order):
    digest = hashlib.sha256(output.encode(errors="surrogateescape"))
    for name in order.outputs:
        try:
            with open(os.path.join(order.directory, name), "rb") as file:
                digest.update(file.read())
        except FileNotFoundError as error:
            raise Failure(f"wrote no {name}") from error
    return digest.hexdigest()[:16]


def client(command, **options):
    """Runs a helper of a server's, under plain glibc. Raises Failure when it does not end."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=TIMEOUT, **{"env": environment({})} | options)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{os.path.basename(command[0])} did not end in time") from error


def run(launcher, order, allocator, scratch):
    """Runs a program to its end. Raises Failure, or returns its Sample and its output."""
    for name in order.outputs:
        path = os.path.join(order.directory, name)
        if os.path.exists(path):
            os.unlink(path)
    return finish(*start(launcher, order, allocator, scratch), order)
