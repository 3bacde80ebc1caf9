"""What moved between two runs, beyond noise."""
import unittest

from results_of import document, result, steady
from runner import compare
from runner.results import Results


def run_of(glibc, libpool, build="one", failed=None, samples=steady):
    return Results(document({("micro", "pair"): {
        "glibc": result(samples(glibc)), "libpool": result(samples(libpool), failed=failed)}},
        {"libpool": build}))


class Moves(unittest.TestCase):
    def test_a_slower_build_is_found(self):
        moved, failures = compare.compare(run_of(1, 0.8), run_of(1, 1.0, "two"))
        self.assertEqual({(m["allocator"], m["metric"]) for m in moved},
                         {("libpool", "time"), ("libpool", "cpu")})
        self.assertAlmostEqual(moved[0]["ratio"], 1.25)
        self.assertEqual(failures, [])

    def test_what_counts_as_worse(self):
        slower, _ = compare.compare(run_of(1, 0.8), run_of(1, 1.0, "two"))
        faster, _ = compare.compare(run_of(1, 1.0), run_of(1, 0.8, "two"))
        self.assertTrue(compare.worse("libpool", slower, []))
        self.assertFalse(compare.worse("libpool", faster, []))
        self.assertFalse(compare.worse("glibc", slower, []))
        failures = compare.compare(run_of(1, 1), run_of(1, 1, "two", failed="exit status 1"))[1]
        self.assertTrue(compare.worse("libpool", [], failures))

    def test_nothing_moved(self):
        self.assertEqual(compare.compare(run_of(1, 0.8), run_of(1, 0.803, "two")), ([], []))

    def test_wide_intervals_hide_a_move(self):
        def wide(value):
            return [value * f for f in (0.7, 0.9, 1.0, 1.1, 1.3)]
        moved, _ = compare.compare(run_of(1, 0.8, samples=wide),
                                   run_of(1, 1.0, "two", samples=wide))
        self.assertEqual(moved, [])

    def test_a_slower_machine_is_no_slower_build(self):
        moved, _ = compare.compare(run_of(1, 0.8), run_of(1.3, 1.0, "two"))
        self.assertEqual([m for m in moved if m["allocator"] == "libpool"], [])

    def test_failures_that_come_and_go(self):
        works, fails = run_of(1, 0.8), run_of(1, 0.8, "two", failed="killed by SIGSEGV")
        self.assertEqual(compare.compare(works, fails)[1][0]["new"], "killed by SIGSEGV")
        self.assertEqual(compare.compare(fails, works)[1][0]["old"], "killed by SIGSEGV")


if __name__ == "__main__":
    unittest.main()
