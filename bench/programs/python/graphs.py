"""Linked nodes: a search tree with deletions, a prefix tree, a graph walked and taken apart."""
import collections
import heapq
import sys


class Node:
    __slots__ = ("key", "left", "right", "priority")

    def __init__(self, key, priority):
        self.key, self.priority = key, priority
        self.left = self.right = None


def split(node, key):
    if node is None:
        return None, None
    if node.key < key:
        node.right, right = split(node.right, key)
        return node, right
    left, node.left = split(node.left, key)
    return left, node


def merge(left, right):
    if left is None or right is None:
        return left or right
    if left.priority > right.priority:
        left.right = merge(left.right, right)
        return left
    right.left = merge(left, right.left)
    return right


def treap(count):
    """Insertions, and from half of them on a deletion for each."""
    root, state, kept = None, 99, collections.deque()
    for i in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        key, priority = state >> 33, state & 0xFFFFFF
        less, more = split(root, key)
        root = merge(merge(less, Node(key, priority)), more)
        kept.append(key)
        if i > count // 2:
            gone = kept.popleft()
            less, rest = split(root, gone)
            _, more = split(rest, gone + 1)
            root = merge(less, more)
    return len(kept), root.key


def prefixes(count):
    tree = {}
    for i in range(count):
        node = tree
        for letter in f"{i * 2654435761 & 0xFFFFFF:06x}":
            node = node.setdefault(letter, {})
        node["end"] = i
    return sum(len(node) for node in tree.values())


class Place:
    def __init__(self, number):
        self.number, self.roads, self.back = number, [], None


def roads(count):
    """Places that know one another both ways: only the collector of cycles can free them."""
    places = [Place(i) for i in range(count)]
    for i, place in enumerate(places):
        for step in (1, 7, 61, 911):
            other = places[(i + step) % count]
            place.roads.append((step * 13 % 17 + 1, other))
            other.back = place
    return places


def nearest(places):
    far, queue = {0: 0}, [(0, 0)]
    while queue:
        length, number = heapq.heappop(queue)
        if length > far[number]:
            continue
        for more, other in places[number].roads:
            if length + more < far.get(other.number, 1 << 30):
                far[other.number] = length + more
                heapq.heappush(queue, (length + more, other.number))
    return sum(far.values())


def main():
    scale = float(sys.argv[1])
    print(*treap(int(50000 * scale)), prefixes(int(80000 * scale)))
    for turn in range(4):
        print(turn, nearest(roads(int(32000 * scale) + 1000)))


main()
