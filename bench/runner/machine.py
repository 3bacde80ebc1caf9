"""What a results file says about where it was made."""
import os
import platform
import re
import subprocess

from . import allocator

PACKAGES = ("python3", "ruby", "lua5.4", "perl", "nodejs", "gcc", "clang", "sqlite3",
            "redis-server", "postgresql-15", "ghostscript", "z3", "git", "jq",
            "imagemagick-6.q16", "libbenchmark-dev", "valgrind", "libc6")


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def describe():
    memory = re.search(r"MemTotal:\s+(\d+)", read("/proc/meminfo"))
    model = re.search(r"model name\s*: (.*)", read("/proc/cpuinfo"))
    huge = re.search(r"\[(\w+)\]", read("/sys/kernel/mm/transparent_hugepage/enabled"))
    system = re.search(r'PRETTY_NAME="(.*)"', read("/etc/os-release"))
    return {
        "processor": model[1] if model else platform.processor(),
        "load": os.getloadavg()[0],
        "cores": len(os.sched_getaffinity(0)),
        "memory": int(memory[1]) * 1024 if memory else 0,
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "system": system[1] if system else "",
        "huge_pages": huge[1] if huge else "none",
    }


def versions():
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *PACKAGES],
                           capture_output=True, text=True, check=False)
    return dict(line.split(" ", 1) for line in shown.stdout.splitlines() if " " in line)


def commit():
    """The commit of the source tree, with "+" when it was changed since; "" outside of one."""
    directory = os.path.dirname(os.path.abspath(allocator.__file__))

    def git(*arguments):
        done = subprocess.run(["git", "-C", directory, *arguments], capture_output=True, text=True,
                              check=False)
        return done.stdout.strip() if done.returncode == 0 else ""
    head = git("rev-parse", "--short=12", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no")
    return head + "+" if head and changed else head
