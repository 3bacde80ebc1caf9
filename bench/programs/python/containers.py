"""Dicts, lists, sets and strings: built, filled, looked up, merged and thrown away."""
import sys


def numbers(seed):
    state = seed
    while True:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield state >> 7


def rows(count, source):
    """Rows as a database driver hands them out: a dict of short strings and numbers each."""
    return [{"id": i, "name": f"name {next(source) % 5000}", "group": next(source) % 97,
             "amount": next(source) / 100, "note": "x" * (next(source) % 40)}
            for i in range(count)]


def grouped(made):
    groups = {}
    for row in made:
        groups.setdefault(row["group"], []).append(row)
    return groups


def index(made):
    names = {}
    for row in made:
        names.setdefault(row["name"], set()).add(row["id"])
    return names


def lines(made):
    return "\n".join(",".join((str(row["id"]), row["name"], f"{row['amount']:.2f}", row["note"]))
                     for row in made)


def main():
    scale, source = float(sys.argv[1]), numbers(7)
    total, window = 0, []
    for turn in range(24):
        made = rows(int(25000 * scale), source)
        window.append(made)
        if len(window) > 4:
            window.pop(0)
        groups, names, text = grouped(made), index(made), lines(made)
        merged = [dict(row, turn=turn) for row in made if row["group"] < 30]
        queue = []
        for row in merged:
            queue.append([row["id"], row["turn"]])
            if len(queue) > 500:
                total += sum(queue.pop(0))
        total += len(text) + len(groups) + max(map(len, names.values())) + len(merged)
    print(total, sum(map(len, window)))


main()
