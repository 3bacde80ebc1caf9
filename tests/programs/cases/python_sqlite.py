"""Python's sqlite3: SQLite's page cache and its threads' connections side by side."""

PROGRAMS = ["python3"]

SCRIPT = r'''
import sqlite3, threading

def fill(path, seed):
    base = sqlite3.connect(path)
    base.create_function("half", 1, lambda n: n // 2)
    base.executescript("pragma synchronous=off; create table t(a integer primary key, b, c)")
    with base:
        base.executemany("insert into t(b, c) values(?, ?)",
                         ((i * seed % 7919, "v" * (i % 300)) for i in range(30000)))
    base.execute("create index by_b on t(b)")
    rows = base.execute("select half(b), count(*), sum(length(c)) from t group by 1"
                        " order by 3 desc, 1 limit 20").fetchall()
    with base: base.execute("delete from t where b % 3 = 0")
    base.execute("vacuum")
    results[seed] = rows, base.execute("select count(*), total(b) from t").fetchone()
    base.close()

results = {}
threads = [threading.Thread(target=fill, args=(f"base{n}.db", n + 3)) for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
fill(":memory:", 17)
for seed in sorted(results): print(seed, results[seed])
'''


def run(space):
    space.run("python3", space.write("base.py", SCRIPT))
