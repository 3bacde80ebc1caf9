"""Object-heavy work: records, an index of them, a tree, text taken apart and put together."""
import sys


class Record:
    __slots__ = ("key", "name", "tags", "next")

    def __init__(self, key, name, tags):
        self.key = key
        self.name = name
        self.tags = tags
        self.next = None


class Node:
    def __init__(self, value):
        self.value = value
        self.left = None
        self.right = None


def records(count):
    made, state, last = {}, 12345, None
    for i in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        record = Record(state, f"record {state:x}", [state % 7, state % 11, (i, state)])
        record.next = last if i % 16 else None
        made[record.key] = last = record
    return made


def tree(count):
    root, state = Node(1 << 30), 54321
    for _ in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        node = root
        while True:
            side = "left" if state < node.value else "right"
            below = getattr(node, side)
            if below is None:
                setattr(node, side, Node(state))
                break
            node = below
    return root


def depth(node):
    return 1 + max(depth(node.left), depth(node.right)) if node else 0


def words(made, rounds):
    counts = {}
    for _ in range(rounds):
        text = " ".join(record.name for record in made.values())
        for word in text.split():
            counts[word] = counts.get(word, 0) + 1
    return counts


def main():
    scale = float(sys.argv[1])
    made = records(int(60000 * scale))
    for key in list(made)[::3]:
        del made[key]
    counts = words(made, 3)
    print(len(made), len(counts), max(counts.values()))
    print(depth(tree(int(20000 * scale))))
    pairs = sorted(((r.name, r.tags) for r in made.values()), key=lambda p: (p[1][0], p[0]))
    print(pairs[0][0], pairs[-1][0], sum(len(set(tags[:2])) for _, tags in pairs))


main()
