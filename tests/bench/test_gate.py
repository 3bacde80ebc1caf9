"""The gate: which figures it takes, and when libpool falls short of them."""
import unittest

from results_of import document, result, steady
from runner import gate, summary
from runner.failure import Usage
from runner.results import Results


def run_of(libpool, rss=1 << 20, failed=None):
    """glibc takes a second, jemalloc 0.8 and libpool as given, in a workload of each family."""
    return Results(document({
        (family, name): {"glibc": result(steady(1.0)), "jemalloc": result(steady(0.8)),
                         "libpool": result(steady(libpool), rss, failed)}
        for family, name in (("micro", "pair"), ("threaded", "relay"), ("programs", "jq"))}))


class Figures(unittest.TestCase):
    def test_mean_time_is_against_the_best_other(self):
        passed, lines = gate.check(run_of(0.76), {"time": 0.95})
        self.assertTrue(passed, lines)
        passed, lines = gate.check(run_of(0.84), {"time": 0.95, "programs": 1.1})
        self.assertFalse(passed)
        self.assertIn("time: 1.050 of jemalloc, over the limit of 0.95 by 10.5 %", lines[0])
        self.assertIn("programs: 1.050 of jemalloc, within 1.1", lines[1])

    def test_memory_is_against_glibc(self):
        self.assertTrue(gate.check(run_of(0.7, rss=1 << 20), {"rss": 1.0})[0])
        self.assertFalse(gate.check(run_of(0.7, rss=1 << 21), {"rss": 1.5})[0])
        self.assertFalse(gate.check(run_of(0.7, rss=1 << 21), {"rss-programs": 1.5})[0])
        self.assertFalse(gate.check(run_of(0.7, rss=1 << 21), {"rss-worst": 1.5})[0])

    def test_worst_names_the_workload(self):
        results = run_of(0.7)
        results.workloads[1]["results"]["libpool"] = result(steady(1.2))
        passed, lines = gate.check(results, {"worst": 1.1})
        self.assertFalse(passed)
        self.assertIn("1.500 of jemalloc at relay", lines[0])

    def test_worst_leaves_out_what_cannot_be_told_apart(self):
        results = run_of(0.7)
        results.workloads[1]["results"]["libpool"] = result([0.5, 1.2, 1.9, 0.6, 1.3])
        self.assertTrue(gate.check(results, {"worst": 1.1})[0])

    def test_a_failed_workload_fails_every_gate(self):
        passed, lines = gate.check(run_of(0.5, failed="killed by SIGSEGV"), {"rss": 9})
        self.assertFalse(passed)
        self.assertIn("libpool failed in pair: killed by SIGSEGV", lines[0])

    def test_a_figure_the_run_cannot_give_fails(self):
        results = run_of(0.5)
        results.workloads = [w for w in results.workloads if w["family"] == "micro"]
        self.assertFalse(gate.check(results, {"programs": 9})[0])

    def test_what_a_workload_reports_of_itself(self):
        results = run_of(0.7)
        results.workloads[2]["name"] = "burst"
        results.workloads[2]["results"]["libpool"]["figures"] = {"idle": [1.1, 1.3, 1.2]}
        self.assertTrue(gate.check(results, {"burst": 1.2})[0])
        self.assertFalse(gate.check(results, {"burst": 1.19})[0])

    def test_a_peer_with_a_failure_is_not_the_best(self):
        results = run_of(0.76)
        results.workloads[0]["results"]["jemalloc"]["failed"] = "exit status 1"
        self.assertEqual(summary.best_mean(results, "time")[0], "glibc")


class OtherCommands(unittest.TestCase):
    def test_python_is_against_its_own_allocator(self):
        made = document({("python", "graphs"): {
            "pymalloc": result(steady(1.0)), "glibc": result(steady(1.3)),
            "libpool": result(steady(0.96), rss=(1 << 20) + (1 << 15))}})
        made["base"] = "pymalloc"
        passed, lines = gate.check(Results(made), {"python-time": 1, "python-rss": 1})
        self.assertFalse(passed)
        self.assertEqual(lines[0], "gate: python-time: 0.960 of pymalloc, within 1")
        self.assertIn("python-rss: 1.031 of pymalloc, over the limit of 1 by 3.1 %", lines[1])
        self.assertFalse(gate.check(run_of(0.5), {"python-time": 9})[0])

    def test_kernel_work_is_against_glibc(self):
        made = document({("programs", "lua"): {"glibc": result([1]) | {"kernel": [1000]},
                                               "libpool": result([1]) | {"kernel": [1200]}}})
        self.assertTrue(gate.check(Results(made), {"kernel": 1.2})[0])
        self.assertFalse(gate.check(Results(made), {"kernel": 1.1})[0])
        self.assertFalse(gate.check(run_of(0.5), {"kernel": 9})[0])

    def test_the_dearest_idle_thread_counts(self):
        made = document({("threaded", name): {
            "glibc": result([1]) | {"idle": [1000.0]},
            "libpool": result([1]) | {"idle": [kib * 1024.0]}}
            for name, kib in (("idle-turns@64", 40), ("idle-together@64", 66))})
        passed, lines = gate.check(Results(made), {"idle-thread": 64})
        self.assertFalse(passed)
        self.assertIn("66.000 KiB at idle-together@64, over the limit of 64", lines[0])
        self.assertTrue(gate.check(Results(made), {"idle-thread": 66})[0])
        self.assertFalse(gate.check(run_of(0.5), {"idle-thread": 9999})[0])


class Text(unittest.TestCase):
    def test_parsing(self):
        self.assertEqual(gate.parse("time=0.95,rss-programs=1"),
                         {"time": 0.95, "rss-programs": 1.0})

    def test_errors_say_what_there_is(self):
        for text in ("speed=1", "time", "time=fast"):
            with self.assertRaisesRegex(Usage, "rss-worst"):
                gate.parse(text)


if __name__ == "__main__":
    unittest.main()
