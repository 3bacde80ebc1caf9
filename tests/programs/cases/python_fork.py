"""multiprocessing with fork: a pool of workers, from a parent that has threads of its own."""

PROGRAMS = ["python3"]

SCRIPT = r'''
import collections, multiprocessing, os, threading

def work(n):
    words = [str(n * i % 9973) * (i % 7 + 1) for i in range(3000)]
    counts = collections.Counter(words)
    return n, len(counts), sum(len(w) * c for w, c in counts.items())

def churn(stop):
    kept = []
    while not stop.is_set():
        kept.append("x" * (len(kept) * 37 % 5000))
        if len(kept) > 500: kept.clear(); stop.wait(0.001)

if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    stop = threading.Event()
    threads = [threading.Thread(target=churn, args=(stop,)) for _ in range(2)]
    for thread in threads: thread.start()
    for round in range(3):
        with multiprocessing.Pool(4) as pool:
            for row in pool.map(work, range(round * 20, round * 20 + 20)): print(*row)
    statuses = []
    for n in range(40):
        pid = os.fork()
        if pid == 0:
            os._exit(len([bytearray(i) for i in range(0, 20000, 100)]) % 100)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    print(statuses)
    stop.set()
    for thread in threads: thread.join()
'''


def run(space):
    space.run("python3", space.write("fork.py", SCRIPT))
