"""A PostgreSQL cluster under the allocator, pgbench not.

Time is how long pgbench takes for a fixed number of transactions. CPU time and faults are summed
over the postmaster and all its children. Peak RSS is that of all its processes together, each
page shared by n of them counted as an nth (PSS), looked at at once, soon, then ten times a
second."""
import glob
import os
import pwd
import re
import shutil
import subprocess
import threading
import time

from . import measure
from .failure import Failure, Usage
from .workload import Workload

USER = "postgres"

# Sorting, hashing, aggregates and JSON: what makes a backend allocate.
SCRIPT = """\\set low random(1, 5000)
SELECT abalance FROM pgbench_accounts WHERE aid = :low;
SELECT aid % 97 AS rest, count(*), array_agg(aid ORDER BY -aid) FROM pgbench_accounts
 WHERE aid BETWEEN :low AND :low + 4000 GROUP BY rest ORDER BY 2, 1;
SELECT length(jsonb_agg(jsonb_build_object('aid', aid, 'text', repeat('x', aid % 50)))::text)
 FROM pgbench_accounts WHERE aid BETWEEN :low AND :low + 1500;
SELECT sum(length(md5(a.aid::text))) FROM pgbench_accounts a JOIN pgbench_accounts b
 ON b.aid = a.aid + 1 WHERE a.aid BETWEEN :low AND :low + 3000;
"""


def directory():
    """Where the newest PostgreSQL's programs are, or where Debian 12's would be."""
    found = glob.glob("/usr/lib/postgresql/*/bin")
    newest = sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path)])
    return newest[-1] if newest else "/usr/lib/postgresql/15/bin"


class Postgres(Workload):
    @property
    def needs(self):
        return tuple((os.path.join(directory(), name), "postgresql")
                     for name in ("postgres", "initdb", "pgbench"))

    def run(self, bench, allocator):
        home = bench.once("cluster", lambda: create(bench))
        order = measure.Order([os.path.join(directory(), "postgres"), "-D", f"{home}/data", "-k",
                               home], directory=home, user=USER if os.geteuid() == 0 else "")
        process, files = measure.start(bench.launcher, order, allocator, bench.scratch)
        watch = Watch(f"{home}/data/postmaster.pid")
        try:
            reason = wait_for(home, process)
            watch.start()
            started = time.monotonic()
            reason = reason or drive(home, bench)
            elapsed = time.monotonic() - started
        finally:
            watch.stop()
            process.send_signal(2)  # SIGINT: a fast shutdown
        sample, _ = measure.finish(process, files, order)
        if reason:
            raise Failure(reason)
        sample.time, sample.rss, sample.checksum = elapsed, watch.most, ""
        return sample


class Watch:
    """Looks at the memory of a postmaster and its children until told to stop."""

    def __init__(self, pid_file):
        self.pid_file, self.most = pid_file, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.ended.set()
        if self.thread.ident:
            self.thread.join()

    def look(self):
        try:
            with open(self.pid_file, encoding="ascii") as file:
                postmaster = file.readline().strip()
        except OSError:
            return
        pause = 0.01  # a short run is over before a tenth of a second is
        while True:
            pids = [postmaster, *children(postmaster)]
            self.most = max(self.most, sum(proportional(pid) for pid in pids))
            if self.ended.wait(pause):
                return
            pause = min(2 * pause, 0.1)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def proportional(pid):
    """A process's PSS in bytes; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.MULTILINE)[1]) * 1024
    except (OSError, TypeError):
        return 0


def as_user(command, home):
    """Runs a helper, not under the allocator, as the cluster's owner."""
    return measure.client(command, cwd=home, user=USER if os.geteuid() == 0 else None,
                          env=measure.environment({"PGHOST": home, "PGDATABASE": "postgres"}))


def create(bench):
    """A cluster in a directory of its own, which its owner can reach, with pgbench's tables."""
    home = os.path.join(bench.scratch, "postgres")
    os.mkdir(home)
    if os.geteuid() == 0:
        os.chmod(bench.scratch, 0o755)
        shutil.chown(home, pwd.getpwnam(USER).pw_uid)
    initdb = [os.path.join(directory(), "initdb"), "-D", f"{home}/data", "-A", "trust", "-N",
              "--locale=C", "-E", "UTF8"]
    done = as_user(initdb, home)
    if done.returncode:
        raise Usage(f"initdb failed: {done.stderr.strip()[-300:]}")
    with open(f"{home}/data/postgresql.conf", "a", encoding="ascii") as file:
        file.write("listen_addresses = ''\nfsync = off\nautovacuum = off\nshared_buffers = 32MB\n"
                   "work_mem = 16MB\nmax_parallel_workers_per_gather = 0\njit = off\n")
    with open(f"{home}/script.sql", "w", encoding="ascii") as file:
        file.write(SCRIPT)
    with subprocess.Popen([os.path.join(directory(), "postgres"), "-D", f"{home}/data", "-k", home],
                          user=USER if os.geteuid() == 0 else None, cwd=home,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env=measure.environment({})) as process:
        reason = wait_for(home, process)
        done = as_user([os.path.join(directory(), "pgbench"), "-i", "-q"], home)
        process.send_signal(2)
    if reason or done.returncode:
        raise Usage(f"pgbench could not make its tables: {reason or done.stderr.strip()[-300:]}")
    return home


def wait_for(home, process):
    """"" when the server answers, else why not."""
    ready = [os.path.join(directory(), "pg_isready"), "-q"]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return "the server ended at its start"
        if glob.glob(f"{home}/.s.PGSQL.*[0-9]") and as_user(ready, home).returncode == 0:
            return ""
        time.sleep(0.01)
    return "the server did not start"


def drive(home, bench):
    """A fixed number of transactions over two connections. "", or what failed."""
    transactions = max(4, int(60 * bench.scale))
    command = [os.path.join(directory(), "pgbench"), "-n", "-f", f"{home}/script.sql", "-c", "2",
               "-t", str(transactions), "--random-seed=1"]
    done = as_user(command, home)
    expected = f"{2 * transactions}/{2 * transactions}"
    if done.returncode or expected not in done.stdout:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return f"pgbench ended with status {done.returncode}: {lines[-1][:200]}"
    return ""
