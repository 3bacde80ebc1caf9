"""Reports, charts and the README's section, from a made-up run."""
import os
import tempfile
import unittest

from results_of import document, result, steady
from runner import chart, gate, instructions, readme, report
from runner.failure import Usage
from runner.results import Results


def run_of():
    made = document({
        ("micro", "pair"): {"glibc": result(steady(1.0)), "jemalloc": result(steady(0.8)),
                            "libpool": result(steady(0.72))},
        ("programs", "jq"): {"glibc": result(steady(1.0)), "jemalloc": result([0.5, 1.0, 1.5]),
                             "libpool": result(steady(1.2))},
        ("programs", "perl"): {"glibc": result(steady(1.0)),
                               "jemalloc": result([], failed="killed by SIGSEGV: oh"),
                               "libpool": result(steady(1.0))},
    })
    made["not_run"]["workloads"]["ruby"] = "apt-get install ruby"
    made["pair"] = {"malloc": {"glibc": 129.0, "jemalloc": "exit status 1", "libpool": 25.0}}
    return Results(made)


class Report(unittest.TestCase):
    def setUp(self):
        self.lines = report.report(run_of()).splitlines()

    def line(self, start, number=0):
        return [line for line in self.lines if line.startswith(start)][number]

    def test_ratios_to_glibc_and_to_the_best(self):
        self.assertRegex(self.line("pair"), r"1\.000 s ±0 +0\.80 ±0 +0\.72 ±0 +0\.90 jemalloc")

    def test_what_cannot_be_told_apart_is_marked(self):
        self.assertIn("1.00~ ±50", self.line("jq"))
        self.assertIn("1.20 ±0", self.line("jq"))

    def test_a_failure_is_shown_with_its_reason(self):
        self.assertIn("FAILED", self.line("perl"))
        self.assertIn("  perl under jemalloc: killed by SIGSEGV: oh", self.lines)

    def test_what_is_missing_is_shown_with_what_to_install(self):
        self.assertIn("  ruby: apt-get install ruby", self.lines)

    def test_a_busy_machine_is_told(self):
        results = run_of()
        self.assertNotIn("busy", report.report(results))
        results.document["machine"]["load"] = 3.1
        self.assertIn("The machine was busy when the run began (load average 3.1)",
                      report.report(results))

    def test_losses_are_named(self):
        self.assertTrue(any("behind: jq 1.20" in line for line in self.lines), self.lines)

    def test_markdown_has_tables(self):
        self.assertIn("| workload | glibc | jemalloc | libpool | to best |",
                      report.report(run_of(), markdown=True))


class OtherCommands(unittest.TestCase):
    def test_python_is_told_relative_to_its_own(self):
        made = document({("python", "graphs"): {"pymalloc": result(steady(1.0)),
                                                "libpool": result(steady(0.9))}})
        made["base"] = "pymalloc"
        said = report.report(Results(made))
        self.assertIn("relative to pymalloc", said)
        self.assertNotIn("glibc", said)
        self.assertRegex(said, r"graphs +1\.000 s ±0 +0\.90 ±0 +0\.90 pymalloc")

    def test_counts_have_no_times(self):
        def calls(count, anonymous):
            return result([1.0]) | {"kernel": [count + 100], "calls": [count],
                                    "mmap": [anonymous], "brk": [count - anonymous]}
        made = document({("programs", name): {"glibc": calls(100, 10), "libpool": calls(50, 20)}
                         for name in ("lua", "perl")})
        made |= {"metrics": ["kernel", "faults", "calls"], "counted": True, "runs": 1}
        lines = report.report(Results(made)).splitlines()
        self.assertFalse(any("time" in line for line in lines if line.startswith("==")), lines)
        found = [line.split() for line in lines]
        self.assertIn(["lua", "200", "0.75", "0.75", "glibc"], found)
        self.assertIn(["libpool", "200", "40", "60"], found)  # faults, mmap, brk of both
        self.assertIn("ahead: lua 0.75, perl 0.75", "\n".join(lines))

    def test_idle_threads_are_told_as_they_are(self):
        made = document({("threaded", "idle-turns@64"): {
            "glibc": result([1.0]) | {"idle": [-4096.0]},
            "libpool": result([1.0]) | {"idle": [50 * 1024.0]}}})
        made["metrics"] = ["idle"]
        said = report.report(Results(made))
        self.assertRegex(said, r"idle-turns@64 +-4\.0 KiB +50\.0 KiB")
        self.assertNotIn("Geometric", said)


class Readme(unittest.TestCase):
    def test_only_the_section_is_rewritten(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "README.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"# before\n{readme.BEGIN}\nOUTDATED\n{readme.END}\nafter\n")
            for _ in range(2):
                readme.rewrite(path, run_of(), os.path.join(directory, "docs", "bench"))
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertTrue(text.startswith("# before\n"))
            self.assertTrue(text.endswith(f"{readme.END}\nafter\n"))
            self.assertNotIn("OUTDATED", text)
            for expected in ("bench/bench run", "behind", "perl under jemalloc", "docs/bench/"):
                self.assertIn(expected, text)
            for name in ("time-means", "rss-workloads"):
                for suffix in ("svg", "png"):
                    drawn = os.path.join(directory, "docs", "bench", f"{name}.{suffix}")
                    self.assertGreater(os.path.getsize(drawn), 1000)

    def test_a_readme_without_marks_is_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
            with self.assertRaisesRegex(Usage, "bench:begin"):
                readme.rewrite(file.name, run_of(), "/nonexistent")

    def test_a_chart_of_scaling(self):
        made = document({("threaded", f"relay@{n}"): {"glibc": result(steady(1.0)),
                                                      "libpool": result(steady(0.5))}
                         for n in (1, 2, 64)})
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(chart.draw(Results(made), directory), ["scaling"])


class Scaling(unittest.TestCase):
    """On two cores: relay keeps its time, server takes four times as long with 16 threads."""

    def setUp(self):
        times = {"relay": {1: 1.0, 2: 0.5, 16: 0.5, 64: 0.5}, "server": {1: 2, 2: 1, 16: 4, 64: 1}}
        self.made = document({
            ("threaded", f"{kind}@{count}"): {"glibc": result(steady(1.0)),
                                              "libpool": result(steady(time))}
            for kind, of in times.items() for count, time in of.items()})

    def test_times_beyond_the_cores_are_to_that_at_them(self):
        found = [line.split() for line in report.report(Results(self.made)).splitlines()]
        for row in (["server@16", "1.00", "4.00"], ["relay@64", "1.00", "1.00"],
                    ["mean@16", "1.00", "2.00"], ["mean@64", "1.00", "1.00"]):
            self.assertIn(row, found)

    def test_the_gate_takes_the_number_where_it_is_worst(self):
        passed, lines = gate.check(Results(self.made), {"scaling": 1.9})
        self.assertFalse(passed)
        self.assertIn("scaling: 2.000 at 16 threads, over the limit of 1.9", lines[0])
        self.assertTrue(gate.check(Results(self.made), {"scaling": 2.01})[0])

    def test_without_a_number_on_each_side_there_is_nothing_to_say(self):
        self.made["machine"]["cores"] = 64
        self.assertNotIn("more threads than cores", report.report(Results(self.made)))
        self.assertFalse(gate.check(Results(self.made), {"scaling": 99})[0])
        self.assertFalse(gate.check(run_of(), {"scaling": 99})[0])


class Callgrind(unittest.TestCase):
    def test_only_costs_outside_the_own_object_count(self):
        text = """\
events: Ir
ob=(1) /build/pair
fl=(1) pair.c
fn=(1) main
5 100
cob=(2) /lib/malloc.so
cfn=(2) malloc
calls=10 20
+3 4000
+1 7
ob=(2)
fn=(2)
20 300
* 40
cob=(1)
cfn=(1)
calls=1 5
22 999
fn=(3) free
30 60
ob=(1)
fn=(1)
9 11
"""
        self.assertEqual(instructions.parse(text.splitlines(), "/build/pair"), 400)


if __name__ == "__main__":
    unittest.main()
