"""Makes results documents for the tests, and finds the runner and what is built for it."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(ROOT, "bench", "bench")
BUILD = os.environ.get("BENCH_BUILD", os.path.join(ROOT, "build"))

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "bench"))


def result(time, rss=1 << 20, failed=None):
    """Under one allocator: `time` is a list of seconds."""
    count = len(time)
    return {"failed": failed, "time": time, "cpu": time, "rss": [rss] * count,
            "faults": [100] * count}


def steady(value, count=5):
    """Samples around a value, one in a thousand apart."""
    return [value * (1 + 0.001 * (i - count // 2)) for i in range(count)]


def document(workloads, hashes=None):
    """`workloads` is {(family, name): {allocator: result}}."""
    names = list(next(iter(workloads.values())))
    hashes = hashes or {}
    return {
        "format": 1, "subject": "libpool", "runs": 5, "scale": 1.0, "threads": 2, "quick": False,
        "command": "bench/bench run", "date": "2026-01-02T03:04:05+00:00", "commit": "abc",
        "machine": {"processor": "P", "cores": 2, "memory": 1 << 30, "kernel": "K", "system": "S",
                    "huge_pages": "madvise"},
        "versions": {}, "pair": {}, "not_run": {"workloads": {}, "allocators": {}},
        "allocators": [{"name": n, "path": f"/{n}.so", "package": "", "sha256": hashes.get(n, n)}
                       for n in names],
        "workloads": [{"family": family, "name": name, "results": results}
                      for (family, name), results in workloads.items()],
    }
