"""The runner itself: real runs of small workloads, good allocators, bad ones, and slowed ones."""
import json
import os
import pty
import subprocess
import unittest

from results_of import BENCH, BUILD
from runner import measure, workload
from runner.allocator import Allocator, glibc
from runner.failure import Failure
from runner.session import Session
from runner.progress import Progress
from scratch import Scratch

HERE = os.environ.get("BENCH_TEST_BUILD", os.path.join(BUILD, "tests", "bench"))
NOTHING = Allocator("nothing", "")


class Results(Scratch):
    def results(self, name, *arguments, status=0):
        """Runs bench run on our own workloads; the results document."""
        self.command("run", "--build", BUILD, "--no-instructions", "--results", self.path(name),
                     "--allocators", "libpool,jemalloc", *arguments, status=status)
        return self.written(name)


class Launch(Scratch):
    def run_shell(self, script, allocator=NOTHING, **options):
        order = measure.Order(["/bin/sh", "-c", script], **options)
        return measure.run(self.bench.launcher, order, allocator, self.scratch)

    def test_it_measures_the_program_not_the_runner(self):
        sample, _ = self.run_shell("sleep 0.2")
        self.assertGreater(sample.time, 0.19)
        self.assertLess(sample.cpu, 0.1)
        self.assertLess(sample.rss, 6 << 20)
        self.assertGreater(sample.faults, 10)

    def test_only_the_program_is_preloaded(self):
        base = glibc()
        _, output = self.run_shell("echo $LD_PRELOAD; tr '\\0' '\\n' </proc/$PPID/environ", base)
        self.assertEqual(output.splitlines()[0], base.path)
        self.assertNotIn("LD_PRELOAD", "".join(output.splitlines()[1:]))

    def test_ways_to_fail(self):
        for script, reason in (("kill -SEGV $$", "killed by SIGSEGV"),
                               ("echo why >&2; exit 3", "exit status 3: why")):
            with self.assertRaisesRegex(Failure, reason):
                self.run_shell(script)
        with self.assertRaisesRegex(Failure, "did not end in time"):
            self.run_shell("sleep 9", timeout=1)

    def test_a_library_that_cannot_be_preloaded_is_a_failure(self):
        with self.assertRaisesRegex(Failure, "could not be preloaded"):
            self.run_shell("true", Allocator("none", "/nonexistent.so"))

    def test_output_files_are_checked(self):
        there = {"directory": self.scratch, "outputs": ["out"]}
        sums = {self.run_shell(f"echo {n} >out", **there)[0].checksum for n in (1, 1, 2)}
        self.assertEqual(len(sums), 2)
        with self.assertRaisesRegex(Failure, "wrote no out"):
            self.run_shell("true", **there)

    def test_figures_are_read_and_not_part_of_the_sum(self):
        first, _ = self.run_shell("echo done; echo figure over 1.5; echo series over 1 2 3")
        second, _ = self.run_shell("echo done; echo figure over 2.5")
        self.assertEqual((first.figures, first.series), ({"over": 1.5}, {"over": [1, 2, 3]}))
        self.assertEqual(first.checksum, second.checksum)


    def test_waiting_is_no_work(self):
        script = "sleep 0.3; echo figure waited 0.3"
        waits = workload.Program("waits", lambda _: measure.Order(["/bin/sh", "-c", script]))
        self.assertLess(waits.run(self.bench, NOTHING).time, 0.2)


class Order(Scratch):
    def test_allocators_take_turns_in_rotated_order(self):
        calls = []

        class Fake(workload.Workload):
            def run(self, bench, allocator):
                calls.append(allocator.name)
                return measure.Sample(1, 1, 1, 1, "different" if allocator.name == "c" else "same")
        names = [Allocator(n, n) for n in ("glibc", "b", "c")]
        made = Session(self.bench, [Fake("fake")], names, 3)
        made.run(Progress(made.steps()))
        self.assertEqual(calls, ["glibc", "glibc", "b", "c", "b", "glibc", "glibc", "b"])
        results = made.document()[0]["results"]
        self.assertEqual(results["c"]["failed"], "its output differs from that under glibc")
        self.assertEqual(len(results["b"]["time"]), 3)

    def test_a_missing_program_says_what_to_install(self):
        missing = workload.Program("odd", None, (("/usr/bin/no-such-program", "odd-package"),))
        made = Session(self.bench, [missing], [NOTHING], 1)
        self.assertEqual(made.missing, {"odd": "apt-get install odd-package"})


class Bad(Results):
    def test_failing_allocators_are_reported_and_the_rest_goes_on(self):
        bad = [f"{name}={HERE}/lib{name}.so" for name in ("abort", "dirty")]
        done = self.command("run", "--build", BUILD, "--no-instructions", "--runs", "1", "--scale",
                            "0.02", "--filter", "calloc-64|relay|/lua", "--results",
                            self.path("bad"), *bad)
        for name in ("calloc-64", "relay", "lua"):
            self.assertIn(f"{name} under abort: killed by SIGABRT", done.stdout)
        self.assertIn("calloc-64 under dirty: calloc gave a block that is not zero", done.stdout)
        workloads = self.written("bad")["workloads"]
        self.assertEqual(len(workloads), 3)
        for each in workloads:
            self.assertIsNone(each["results"]["jemalloc"]["failed"])
            self.assertEqual(len(each["results"]["jemalloc"]["time"]), 1)

    def test_a_libpool_that_aborts_fails_the_gate(self):
        self.results("gate", "--filter", "pair-64", "--runs", "1", "--scale", "0.02", "--gate",
                     "time=100", f"libpool={HERE}/libabort.so", status=1)


class Slow(Results):
    # Against jemalloc alone, in workloads that do nothing but allocate: any libpool in earnest is
    # within three times its time, and none that spins two thousand times at each call: that is
    # more than a busy machine could hide.
    ARGUMENTS = ("--filter", "pair-64$|order-lifo", "--runs", "5", "--scale", "0.02", "--gate",
                 "time=3")

    def test_a_slowed_libpool_is_caught_by_gate_and_compare(self):
        self.results("before", *self.ARGUMENTS)
        self.results("after", *self.ARGUMENTS, "--slow-libpool", "2000", status=1)
        files = self.path("before"), self.path("after")
        compared = json.loads(self.command("compare", *files, "--json", status=1).stdout)
        slower = {(m["workload"], m["metric"]) for m in compared["moved"]
                  if m["allocator"] == "libpool" and m["ratio"] > 1.5}
        # By CPU time: how long the clock ran depends on what else the machine was doing.
        self.assertLessEqual({("pair-64", "cpu"), ("order-lifo", "cpu")}, slower)
        text = self.command("compare", *files, status=1).stdout
        self.assertRegex(text, r"pair-64 +libpool +.* worse")


class Command(Scratch):
    def test_instructions_of_a_pair_repeat(self):
        counts = [json.loads(self.command("pair", "--build", BUILD, "--allocators", "jemalloc",
                                          "--json").stdout) for _ in range(2)]
        self.assertEqual(counts[0], counts[1])
        self.assertTrue(20 < counts[0]["malloc"]["jemalloc"] < 200, counts)

    def test_errors_say_what_to_do(self):
        for arguments, said in (
                (["run", "--build", self.scratch], "meson compile"),
                (["run", "--build", BUILD, "--filter", "("], "regular expression"),
                (["run", "--build", BUILD, "--filter", "no-such"], "bench list"),
                (["run", "--build", BUILD, "mine=/nonexistent.so"], "does not exist"),
                (["run", "--build", BUILD, "--allocators", "odd"], "odd=PATH"),
                (["run", "--gate", "speed=1"], "rss-worst"),
                (["compare", "/nonexistent", "/nonexistent"], "cannot be read")):
            done = self.command(*arguments, status=2)
            self.assertIn(said, done.stderr)

    def test_the_list_names_every_workload(self):
        listed = self.command("list").stdout
        for name in ("pair-16", "passive-sharing", "postgres", "cache"):
            self.assertIn(name, listed)

    def test_progress_is_drawn_on_a_terminal_only(self):
        arguments = [BENCH, "run", "--build", BUILD, "--no-instructions", "--runs", "1",
                     "--filter", "pair-64", "--scale", "0.01", "--allocators", "jemalloc",
                     "--subject", "jemalloc", "--results", self.path("progress")]
        main, terminal = pty.openpty()
        subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=terminal, check=True,
                       env=os.environ | {"TERM": "xterm"})
        os.close(terminal)
        drawn = os.read(main, 65536).decode()
        os.close(main)
        self.assertIn("round 1: pair-64 under jemalloc", drawn)
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
