"""Medians, how wide they are spread, and whether two of them can be told apart."""
import math
import statistics

median = statistics.median


def interval(samples):
    """Between which two of the samples the true median lies with 95 % certainty.

    Fewer than six cannot say so: then it is the least and the greatest."""
    ordered = sorted(samples)
    count, outside, cut = len(ordered), 0.0, 0
    while cut < count // 2:
        outside += math.comb(count, cut) / 2 ** count
        if outside > 0.025:
            break
        cut += 1
    cut = max(cut - 1, 0)
    return ordered[cut], ordered[count - 1 - cut]


def width(samples):
    """Half of the interval relative to the median: 0.02 is +-2 %."""
    low, high = interval(samples)
    middle = median(samples)
    return (high - low) / 2 / middle if middle else 0.0


# With fewer samples than this on either side, intervals miss each other by chance too often.
ENOUGH = 3


def apart(first, second):
    """Whether two sets of samples can be told apart: their intervals do not meet."""
    if min(len(first), len(second)) < ENOUGH:
        return False
    a, b = interval(first), interval(second)
    return a[1] < b[0] or b[1] < a[0]


def far_apart(first, second):
    """Whether two sets of samples lie further from each other than either is wide.

    For comparisons by the hundred: among those, some intervals miss each other by chance."""
    a, b = interval(first), interval(second)
    gap = max(b[0] - a[1], a[0] - b[1])
    return apart(first, second) and gap > max(a[1] - a[0], b[1] - b[0])


def geometric_mean(values):
    """Of positive numbers; None of none."""
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None
