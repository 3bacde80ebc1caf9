"""redis-server under the allocator, redis-benchmark not.

Time is how long redis-benchmark takes for a fixed number of requests; CPU time, faults and peak
RSS are the server's, from its start to its end."""
import os
import time

from . import measure
from .failure import Failure
from .workload import Workload

SERVER, CLIENT, CLI = "/usr/bin/redis-server", "/usr/bin/redis-benchmark", "/usr/bin/redis-cli"
SMALLEST = 100


class Redis(Workload):
    needs = ((SERVER, "redis-server"), (CLIENT, "redis-tools"), (CLI, "redis-tools"))

    def run(self, bench, allocator):
        socket = os.path.join(bench.scratch, "redis.socket")
        order = measure.Order([SERVER, "--port", "0", "--unixsocket", socket, "--save", "",
                               "--appendonly", "no", "--dir", bench.scratch])
        if os.path.exists(socket):
            os.unlink(socket)
        process, files = measure.start(bench.launcher, order, allocator, bench.scratch)
        try:
            reason = "" if wait_for(socket, process) else "the server did not start"
            started = time.monotonic()
            reason = reason or drive(socket, bench)
            elapsed = time.monotonic() - started
        finally:
            process.terminate()
        sample, _ = measure.finish(process, files, order)
        if reason:
            raise Failure(reason)
        sample.time = elapsed
        sample.checksum = ""  # its log has times in it; redis-benchmark checked the replies
        return sample


def wait_for(socket, process):
    """True when the server answers; False when it ended, or ten seconds have passed."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        if os.path.exists(socket) and cli(socket, "ping") == "PONG":
            return True
        time.sleep(0.005)
    return False


def cli(socket, *command):
    return measure.client([CLI, "-s", socket, *command]).stdout.strip()


def drive(socket, bench):
    """Fills and reads strings of two sizes, lists, hashes and sorted sets. "", or what failed."""
    requests = max(SMALLEST, int(60000 * bench.scale))
    for tests, size in (("set,get,lpush,lpop,hset,zadd,incr", 120), ("set,get", 1500)):
        command = [CLIENT, "-s", socket, "-t", tests, "-n", str(requests), "-r", "20000", "-d",
                   str(size), "-P", "16", "-c", "20", "-q"]
        done = measure.client(command)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            return f"redis-benchmark ended with status {done.returncode}: {lines[-1]}"
    if int(cli(socket, "dbsize") or 0) < SMALLEST:
        return "the server lost keys"
    return ""
