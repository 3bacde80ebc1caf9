"""Generators, closures, decorators and partial functions: short-lived frames and cells."""
import contextlib
import functools
import itertools
import sys


def counter(start):
    value = start

    def step(by=1):
        nonlocal value
        value += by
        return value
    return step


def compose(*functions):
    return functools.reduce(lambda f, g: lambda x: g(f(x)), functions)


def traced(function):
    @functools.wraps(function)
    def call(*arguments, **options):
        return function(*arguments, **options)
    return call


@traced
def area(width, height=1, *rest, scale=1):
    return width * height * scale + len(rest)


def walk(tree):
    """A generator in a generator for each level."""
    if isinstance(tree, tuple):
        for part in tree:
            yield from walk(part)
    else:
        yield tree


def nested(depth, width, number=0):
    if depth == 0:
        return float(number)
    return tuple(nested(depth - 1, width, number * width + i) for i in range(width))


def pipeline(count):
    source = (i * 7919 % 100003 for i in range(count))
    pairs = ((n, str(n)) for n in source)
    kept = (pair for pair in pairs if "7" in pair[1])
    return sum(len(text) + n % 3 for n, text in kept)


@contextlib.contextmanager
def held(stack, thing):
    stack.append(thing)
    try:
        yield stack
    finally:
        stack.pop()


def main():
    scale = float(sys.argv[1])
    total = 0
    counters = [counter(i) for i in range(int(150000 * scale))]
    for by in range(3):
        total += sum(step(by) for step in counters)
    for i in range(int(150000 * scale)):
        total += compose(lambda x, i=i: x + i, str, len)(i)
        total += area(i, 2, i, scale=3) + functools.partial(area, i, *(1, 2))()
    tree = nested(4, max(3, int(16 * scale ** 0.25)))
    for _ in range(3):
        total += sum(walk(tree))
    stack = []
    for i in range(int(150000 * scale)):
        with held(stack, [i, {"number": i}]) as now:
            total += now[0][0]
    total += sum(a * b for a, b in itertools.product(range(int(300 * scale) + 30), repeat=2))
    print(total, pipeline(int(900000 * scale)))


main()
