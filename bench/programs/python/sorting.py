"""Tuples: sorted by several keys, grouped, bisected, merged, and kept in a heap."""
import bisect
import heapq
import itertools
import operator
import sys


def records(count, seed):
    state = seed
    for i in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield f"key {state % 9973}", state % 101, state / 7, i


def groups(rows):
    rows = sorted(rows, key=operator.itemgetter(1, 0))
    return {key: sorted((row[2], row[0]) for row in of)
            for key, of in itertools.groupby(rows, key=operator.itemgetter(1))}


def board(rows, limit):
    """The best so far, in order, as a leader board keeps them."""
    best = []
    for name, _, value, number in rows:
        bisect.insort(best, (value, name, number))
        if len(best) > limit:
            best.pop(0)
    return best[0]


def jobs(rows):
    queue, done = [], 0
    for name, priority, value, number in rows:
        heapq.heappush(queue, (priority, number, [name, value]))
        if len(queue) > 4000:
            done += heapq.heappop(queue)[1]
    return done


def main():
    scale = float(sys.argv[1])
    count = int(60000 * scale)
    for turn in range(3):
        rows = list(records(count, turn))
        made = groups(rows)
        joined = list(heapq.merge(*made.values()))
        zipped = [(a, b) for a, b in zip(joined, reversed(joined)) if a[0] < b[0]]
        zipped.sort(key=lambda pair: (pair[1][1], pair[0]))
        print(len(made), len(zipped), zipped[0][1][1], board(rows, 300), jobs(rows))


main()
