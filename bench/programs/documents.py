"""JSON: documents built, written, read, changed and compared."""
import json
import sys


def document(number):
    state, items = number * 2654435761 % (1 << 32), []
    for i in range(40):
        state = (state * 1664525 + 1013904223) % (1 << 32)
        items.append({
            "id": f"{state:08x}",
            "price": state % 100000 / 100,
            "tags": [f"tag{state >> s & 15}" for s in (0, 4, 8)],
            "text": "lorem ipsum dolor " * (state % 5),
            "parent": None if i % 4 else number,
        })
    return {"number": number, "items": items, "meta": {"kind": "order", "open": number % 2 == 0}}


def main():
    total, kept = 0, {}
    for number in range(int(1200 * float(sys.argv[1]))):
        text = json.dumps(document(number), sort_keys=True)
        read = json.loads(text)
        for item in read["items"][::2]:
            item["price"] *= 2
            del item["tags"]
        total += len(json.dumps(read, indent=1 if number % 4 == 0 else None))
        kept[number % 300] = read
    print(total, len(kept), sum(len(doc["items"]) for doc in kept.values()))


main()
