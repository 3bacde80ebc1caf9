"""What the tests of poolstat share: where things are, how to start programs and read answers."""

import glob
import json
import os
import subprocess
import sys
import time
import unittest

POOLSTAT, LIBRARY, TRUTH, BUSY = (os.path.abspath(path) for path in sys.argv[1:5])
NOBODY = 65534
OK, FAILED, USAGE, NO_PROCESS, NOT_POOL, DENIED, VERSION, DAMAGED, ENDED, NO_ANSWER, NO_PAGE = range(11)


def environment(conf=None):
    env = dict(os.environ, LD_PRELOAD=LIBRARY)
    env.pop("POOL_CONF", None)
    if conf:
        env["POOL_CONF"] = conf
    return env


def start(*command, conf=None, under=(), **more):
    """Starts a program under libpool; `under` is a command that starts it without libpool."""
    if under:
        pre = ["env", "LD_PRELOAD=" + LIBRARY] + (["POOL_CONF=" + conf] if conf else [])
        return subprocess.Popen([*under, *pre, *command], stdout=subprocess.PIPE, text=True, **more)
    return subprocess.Popen(
        command, env=environment(conf), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more
    )


def poolstat(*arguments, **more):
    return subprocess.run(
        [POOLSTAT, *map(str, arguments)], capture_output=True, text=True, timeout=60, **more
    )


def figures(pid, *options):
    answer = poolstat("--json", *options, pid)
    if answer.returncode not in (OK, ENDED):
        raise AssertionError(f"poolstat {options} {pid}: {answer.returncode} {answer.stderr}")
    return json.loads(answer.stdout)


def pages(pid):
    return glob.glob(f"/dev/shm/libpool.{pid}.*")


def remove_older(process):
    """Process numbers come round: what a program that had this one left is not of this process."""
    with open(f"/proc/{process.pid}/stat") as stat:
        started = stat.read().rpartition(")")[2].split()[19]
    for page in pages(process.pid):
        if page.split(".")[2] != started:
            os.unlink(page)


def until(condition, seconds=20, what="what was waited for"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about in {seconds} s")


def loaded(pid):
    """The loader has come to the library: before that, a process does not run under libpool."""
    return poolstat(pid).returncode == OK


def published(pid):
    return poolstat("--page", pid).returncode == OK


class Case(unittest.TestCase):
    """Ends what it started, and leaves no page behind."""

    def setUp(self):
        self.started = []

    def start(self, *command, **more):
        process = start(*command, **more)
        self.started.append(process)
        remove_older(process)
        return process

    def busy(self, seconds, *more, **options):
        process = self.start(BUSY, str(seconds), *more, **options)
        self.line = process.stdout.readline().split()
        return process

    def tearDown(self):
        for process in self.started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
            for page in pages(process.pid):
                os.unlink(page)

    def assert_status(self, answer, status, words=""):
        self.assertEqual(answer.returncode, status, answer.stdout + answer.stderr)
        if status not in (OK,):
            self.assertRegex(answer.stderr, "^poolstat: ")
        self.assertIn(words, answer.stderr)
        self.assertNotIn("\033", answer.stdout)


def main():
    unittest.main(module="__main__", argv=sys.argv[:1] + sys.argv[5:], verbosity=2)
