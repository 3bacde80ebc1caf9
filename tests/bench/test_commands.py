"""bench python, kernel and idle: real runs of small parts of them, and the counting of calls."""
import os
import unittest

from results_of import BUILD
from runner import measure, python
from runner.allocator import Allocator
from runner.failure import Failure
from scratch import Scratch

# Anonymous mappings made and dropped, in the process and in a child of a child.
MAPPINGS = """
import mmap, os, sys
for generation in range(3):
    for _ in range(int(sys.argv[1])):
        mmap.mmap(-1, 4096).close()
    if os.fork():
        os.wait()
        break
"""


class Results(Scratch):
    def results(self, *arguments, status=0):
        self.said = self.command(arguments[0], "--build", BUILD, "--results", self.path("results"),
                                 "--allocators", "libpool", *arguments[1:], status=status).stdout
        return self.written("results")


class Counting(Scratch):
    def count(self, command, **options):
        order = measure.Order(command, **options)
        return measure.run([*self.bench.launcher, "-c"], order, Allocator("none", ""),
                           self.scratch)[0]

    def test_each_call_of_each_descendant_is_counted(self):
        command = ["/usr/bin/python3", "-I", "-c", MAPPINGS]
        none, many = (self.count([*command, number]).counts for number in ("0", "200"))
        for name in ("mmap", "munmap"):
            self.assertEqual(many[name] - none[name], 600, (none, many))
        self.assertEqual(many["mmap of a file"], none["mmap of a file"])
        self.assertGreaterEqual(many["calls"], 1200)

    def test_kernel_work_is_faults_and_calls(self):
        sample = self.count(["/bin/true"])
        names = ("mmap", "mmap of a file", "munmap", "mremap", "madvise", "brk", "mprotect",
                 "membarrier")
        self.assertEqual(sample.counts["calls"], sum(sample.counts[name] for name in names))
        self.assertEqual(sample.counts["kernel"], sample.counts["calls"] + sample.faults)
        self.assertGreater(sample.counts["mmap of a file"], 1)

    def test_a_counted_program_fails_as_others_do(self):
        with self.assertRaisesRegex(Failure, "exit status 3: why"):
            self.count(["/bin/sh", "-c", "echo why >&2; exit 3"])
        with self.assertRaisesRegex(Failure, "killed by SIGSEGV"):
            self.count(["/bin/sh", "-c", "kill -SEGV $$"])
        with self.assertRaisesRegex(Failure, "did not end in time"):
            self.count(["/bin/sh", "-c", "sleep 9"], timeout=1)
        with self.assertRaisesRegex(Failure, "No such file"):
            self.count(["/nonexistent"])

    def test_without_counting_there_are_no_counts(self):
        sample, _ = measure.run(self.bench.launcher, measure.Order(["/bin/true"]),
                                Allocator("none", ""), self.scratch)
        self.assertEqual(sample.counts, {})


class Kernel(Results):
    def test_a_run(self):
        found = self.results("kernel", "--scale", "0.02", "--filter", "/lua|/shell", "--gate",
                             "kernel=9")
        self.assertEqual(found["metrics"], ["kernel", "faults", "calls"])
        self.assertIn("gate: kernel: ", self.said)
        for each in found["workloads"]:
            for name in ("glibc", "libpool"):
                result = each["results"][name]
                self.assertEqual(result["kernel"], [result["calls"][0] + result["faults"][0]])
        self.assertIn("== page faults and memory calls, summed over the workloads", self.said)
        self.assertNotIn("== programs: time", self.said)
        self.results("kernel", "--scale", "0.02", "--filter", "/lua", "--gate", "kernel=0.01",
                     status=1)


class Python(Results):
    def test_every_script_says_the_same_wherever_its_objects_are(self):
        found = self.results("python", "--scale", "0.02", "--runs", "1", "--gate",
                             "python-time=9,python-rss=9")
        self.assertGreaterEqual(len(found["workloads"]), 6)
        for each in found["workloads"]:
            self.assertEqual(list(each["results"]), ["pymalloc", "glibc", "libpool"])
            for name, result in each["results"].items():
                self.assertIsNone(result["failed"], (each["name"], name))
        self.assertEqual(found["base"], "pymalloc")
        self.assertIn("gate: python-time: ", self.said)
        self.assertIn(" of pymalloc, within 9", self.said)

    def test_who_allocates(self):
        """pymalloc is run without a preload, the others give Python all of its objects."""
        script = ("import os, sys; print('[' + os.environ.get('LD_PRELOAD', '') + ']'); "
                  "sys.stdout.flush(); os.dup2(1, 2); sys._debugmallocstats()")
        library = os.path.join(BUILD, "preload", "libpool.so")
        for allocator, preload in ((python.own(), ""), (Allocator("libpool", library), library)):
            order = python.Script("objects", 1).order(self.bench, allocator)
            order.command[2:] = ["-c", script]
            _, output = measure.run(self.bench.launcher, order, allocator, self.scratch)
            self.assertEqual(output.splitlines()[0], f"[{preload}]")
            self.assertEqual("Small block threshold" in output, not preload)

    def test_a_run_of_something_else_has_no_such_figure(self):
        self.results("run", "--filter", "pair-64$", "--scale", "0.01", "--runs", "1",
                     "--no-instructions", "--gate", "python-time=9", status=1)
        self.assertIn("python-time: this run has no such figure", self.said)


class Idle(Results):
    def test_a_thread_that_keeps_memory_is_seen(self):
        found = self.results("idle", "--threads", "8", "--runs", "1", "--gate", "idle-thread=2000")
        self.assertEqual([w["name"] for w in found["workloads"]],
                         ["idle-turns@8", "idle-together@8"])
        self.assertIn(" KiB at idle-t", self.said)
        for each in found["workloads"]:
            self.assertGreater(each["results"]["libpool"]["idle"][0], 0)
        self.results("idle", "--threads", "8", "--runs", "1", "--gate", "idle-thread=0.1",
                     status=1)

    def test_wrong_numbers_of_threads(self):
        for text in ("0", "some"):
            done = self.command("idle", "--build", BUILD, "--threads", text, status=2)
            self.assertIn("--threads", done.stderr)


if __name__ == "__main__":
    unittest.main()
