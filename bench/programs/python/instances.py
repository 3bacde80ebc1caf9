"""Instances with attributes: made, changed, compared and dropped by the thousand."""
import dataclasses
import sys


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def scaled(self, factor):
        return Point(self.x * factor, self.y * factor)


class Body:
    """With an attribute dictionary that grows after the constructor."""

    def __init__(self, number):
        self.number = number
        self.place = Point(number * 0.5, number * 0.25)
        self.speed = Point(1.0 / (number + 1), 0.5)
        self.trail = []

    def step(self, time):
        self.place = self.place + self.speed.scaled(time)
        self.trail.append(self.place)
        if len(self.trail) > 12:
            del self.trail[:6]


@dataclasses.dataclass
class Order:
    number: int
    client: str
    items: list = dataclasses.field(default_factory=list)
    state: str = "new"


@dataclasses.dataclass(frozen=True, order=True)
class Item:
    price: float
    name: str


def simulate(count, steps):
    bodies = [Body(number) for number in range(count)]
    for step in range(steps):
        for body in bodies:
            body.step(0.1)
            if (body.number + step) % 50 == 0:
                body.mark = f"seen at {step}"
    return sum(body.place.x for body in bodies), sum(hasattr(b, "mark") for b in bodies)


def orders(count):
    book, done = {}, 0
    for number in range(count):
        order = Order(number, f"client {number % 300}")
        for i in range(number % 5 + 1):
            order.items.append(Item((number * 37 + i * 101) % 9000 / 100, f"item {i}"))
        book[number] = order
        old = book.get(number - 3000)
        if old and old.items:
            dataclasses.replace(old, state="done")
            done += max(old.items).price > 50
            if old.number % 8:
                del book[old.number]
    return len(book), done


def main():
    scale = float(sys.argv[1])
    print(*simulate(int(9000 * scale), 60))
    print(*orders(int(150000 * scale)))


main()
