"""Python threads that build and drop containers and hand objects to one another."""

PROGRAMS = ["python3"]

SCRIPT = r'''
import hashlib, queue, random, threading

def produce(seed, out):
    rng = random.Random(seed)
    for i in range(4000):
        rows = {f"key{rng.randrange(10**6)}": [rng.random() for _ in range(rng.randrange(20))]
                for _ in range(rng.randrange(12))}
        out.put((seed, i, rows, bytes(rng.randrange(2000))))
    out.put(None)

def consume(inbox, digests):
    parts = {}
    while (item := inbox.get()) is not None:
        seed, i, rows, blob = item
        text = f"{i}:{sorted(rows.items())}:{len(blob)}"
        parts.setdefault(seed, hashlib.sha256()).update(text.encode())
    digests.extend((seed, part.hexdigest()) for seed, part in parts.items())

boxes = [queue.Queue(64) for _ in range(4)]
digests = []
threads = [threading.Thread(target=produce, args=(n, box)) for n, box in enumerate(boxes)]
threads += [threading.Thread(target=consume, args=(box, digests)) for box in boxes]
for thread in threads: thread.start()
for thread in threads: thread.join()
for seed, digest in sorted(digests): print(seed, digest)
'''


def run(space):
    space.run("python3", space.write("threads.py", SCRIPT))
