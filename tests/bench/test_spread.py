"""Medians, intervals, and what can be told apart."""
import unittest

import results_of  # noqa: F401  (finds the runner)
from runner import spread


class Interval(unittest.TestCase):
    def test_few_samples_give_least_and_greatest(self):
        self.assertEqual(spread.interval([3, 1, 2]), (1, 3))
        self.assertEqual(spread.interval([5, 3, 1, 2, 4]), (1, 5))
        self.assertEqual(spread.interval([7]), (7, 7))

    def test_many_samples_leave_outliers_out(self):
        # Of ten, the second to the ninth hold the median with 97.9 %, the third to the eighth
        # with 89 %; of twenty, the sixth to the fifteenth with 95.9 %.
        self.assertEqual(spread.interval(range(1, 11)), (2, 9))
        self.assertEqual(spread.interval(range(1, 21)), (6, 15))

    def test_six_samples_are_all_needed(self):
        self.assertEqual(spread.interval(range(1, 7)), (1, 6))

    def test_width_is_relative_to_the_median(self):
        self.assertAlmostEqual(spread.width([90, 100, 110]), 0.1)


class Apart(unittest.TestCase):
    def test_intervals_that_do_not_meet(self):
        self.assertTrue(spread.apart([1, 2, 3], [4, 5, 6]))
        self.assertTrue(spread.apart([4, 5, 6], [1, 2, 3]))

    def test_intervals_that_meet(self):
        self.assertFalse(spread.apart([1, 2, 4], [3, 5, 6]))

    def test_two_samples_prove_nothing(self):
        self.assertFalse(spread.apart([1, 2], [5, 6]))


class FarApart(unittest.TestCase):
    def test_the_gap_counts(self):
        self.assertTrue(spread.far_apart([1, 2, 3], [6, 7, 8]))
        self.assertFalse(spread.far_apart([1, 2, 3], [4.5, 5, 6]))
        self.assertFalse(spread.far_apart([1, 1], [6, 6]))


class Mean(unittest.TestCase):
    def test_of_ratios(self):
        self.assertAlmostEqual(spread.geometric_mean([0.5, 2.0]), 1.0)
        self.assertAlmostEqual(spread.geometric_mean([1, 10, 100]), 10.0)

    def test_of_nothing(self):
        self.assertIsNone(spread.geometric_mean([]))


if __name__ == "__main__":
    unittest.main()
