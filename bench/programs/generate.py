"""Makes the inputs of the programs: generate.py KIND SCALE, on standard output, always the same."""
import json
import random
import sys


def c_source(scale, rng):
    yield "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
    count = max(4, int(60 * scale))
    for i in range(count):
        fields = "".join(f"    {rng.choice(('int', 'long', 'double', 'char *'))} f{j};\n"
                         for j in range(rng.randint(4, 12)))
        yield f"struct s{i} {{\n{fields}    struct s{rng.randint(0, i)} *link;\n}};\n"
        body = "".join(
            f"    if (x > {rng.randint(1, 900)}) x = x * {rng.randint(2, 9)} - a[{j}];\n"
            f"    for (int k = 0; k < x % {rng.randint(3, 20)}; k++) a[k % 8] += x ^ {j};\n"
            for j in range(8))
        yield f"int work{i}(int x, int *a)\n{{\n{body}    return x + a[{i % 8}];\n}}\n"
    calls = "".join(f"    x += work{i}(x, a);\n" for i in range(count))
    yield f"int total(int x)\n{{\n    int a[8] = {{0}};\n{calls}    return x;\n}}\n"


def cc_source(scale, rng):
    yield "#include <string>\n#include <vector>\n"
    for i in range(max(1, int(8 * scale))):
        yield f"""
template <int N> struct Item{i} {{
    std::string name; std::vector<int> list; std::vector<std::vector<long>> index;
    explicit Item{i}(const std::string &n) : name(n), list(N, {rng.randint(1, 99)}) {{}}
    long total() const {{ long t = N; for (int v : list) t += v; return t; }}
}};
long work{i}(const std::string &text)
{{
    std::vector<Item{i}<{i + 3}>> items;
    for (char c : text) items.emplace_back(std::string(3, c));
    long sum = 0;
    for (auto &item : items) {{ item.index.push_back(item.list.size() ? std::vector<long>{{sum}}
        : std::vector<long>{{}}); sum += item.total(); }}
    return sum;
}}
"""


def sql(scale, rng):
    rows = int(36000 * scale)
    yield "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, kind INT, price REAL);\n"
    yield "CREATE INDEX item_name ON item(name);\nBEGIN;\n"
    for i in range(rows):
        yield (f"INSERT INTO item VALUES({i},'item {rng.randrange(1 << 30):x}',"
               f"{rng.randrange(40)},{rng.randrange(100000) / 100});\n")
    yield "COMMIT;\n"
    yield "SELECT kind, count(*), round(sum(price), 2) FROM item GROUP BY kind ORDER BY kind;\n"
    yield ("SELECT a.kind, count(*) FROM item a JOIN item b ON b.id = (a.id * 7919) % "
           f"{rows} WHERE a.price > b.price GROUP BY a.kind ORDER BY 2 DESC, 1 LIMIT 5;\n")
    yield "SELECT group_concat(name, ',') FROM (SELECT name FROM item ORDER BY name LIMIT 9);\n"
    yield "UPDATE item SET name = name || ' changed ' || id WHERE kind % 3 = 0;\n"
    yield "DELETE FROM item WHERE kind % 4 = 1;\nVACUUM;\n"
    yield "SELECT count(*), max(name), sum(length(name)) FROM item;\n"


def postscript(scale, rng):
    yield "%!PS-Adobe-3.0\n/Times-Roman findfont 9 scalefont setfont\n"
    for page in range(max(1, int(7 * scale))):
        for line in range(70):
            words = " ".join(f"{rng.randrange(1 << 20):x}" for _ in range(14))
            yield f"40 {760 - line * 10} moveto (page {page}: {words}) show\n"
        for _ in range(250):
            points = " ".join(str(rng.randrange(40, 560)) for _ in range(6))
            yield (f"newpath {rng.randrange(560)} {rng.randrange(760)} moveto {points} curveto "
                   f"{rng.random():.2f} {rng.random():.2f} {rng.random():.2f} setrgbcolor "
                   f"{'fill' if rng.random() < 0.3 else 'stroke'}\n")
        yield "0 setgray showpage\n"


def smt(scale, rng):
    tasks = max(6, int(15 * scale ** 0.5))
    yield "(set-option :smt.random_seed 1)\n(set-logic QF_UFBV)\n"
    yield "(declare-fun f ((_ BitVec 12)) (_ BitVec 12))\n"
    for i in range(tasks * 4):
        yield f"(declare-const x{i} (_ BitVec 12))\n"
    for i in range(tasks * 9):
        a, b, c = (f"x{rng.randrange(tasks * 4)}" for _ in range(3))
        yield (f"(assert (or (bvult (bvmul {a} {b}) (_ bv{rng.randrange(300, 4000)} 12)) "
               f"(= (f {b}) (bvadd (f {c}) {a})) (bvugt {c} (_ bv{rng.randrange(2000)} 12))))\n")
    for i in range(tasks):
        yield f"(assert (distinct (f x{i}) (bvmul x{i + 1} x{i + 2}) (bvudiv x{i + 3} #x007)))\n"
    yield "(check-sat)\n"


def documents(scale, rng):
    rows = [{"id": i, "user": f"user{rng.randrange(500)}", "score": rng.randrange(10000),
             "tags": [f"t{rng.randrange(60)}" for _ in range(rng.randrange(6))],
             "address": {"city": f"city {rng.randrange(90)}", "zip": f"{rng.randrange(99999):05}"}}
            for i in range(int(14000 * scale))]
    yield json.dumps(rows)


def image(scale, rng):
    """A portable pixmap of smooth colours with noise."""
    side = max(64, int(900 * scale ** 0.5))
    yield f"P6 {side} {side} 255\n".encode()
    for y in range(side):
        noise = rng.randbytes(side * 3)
        yield bytes((v % 32 + (i + y) * 200 // (4 * side)) & 255 for i, v in enumerate(noise))


def history(scale, rng):
    """A stream for git fast-import: files that change line by line over many commits."""
    files = {f"dir{i % 7}/file{i}.c": [f"line {rng.randrange(1 << 30)}" for _ in range(120)]
             for i in range(60)}
    for commit in range(max(10, int(420 * scale))):
        changed = rng.sample(sorted(files), 4) if commit else sorted(files)
        message = f"change {commit}"
        yield ("commit refs/heads/main\n"
               f"committer A B <a@example.org> {1700000000 + commit * 60} +0000\n"
               f"data {len(message)}\n{message}\n")
        for name in changed:
            lines = files[name]
            for _ in range(5):
                lines[rng.randrange(len(lines))] = f"line {rng.randrange(1 << 30)} of {commit}"
            lines.insert(rng.randrange(len(lines)), f"new line of {commit}")
            text = "\n".join(lines) + "\n"
            yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n"


KINDS = {"c": c_source, "cc": cc_source, "sql": sql, "ps": postscript, "smt2": smt,
         "json": documents, "ppm": image, "git": history}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: generate.py {'|'.join(KINDS)} SCALE")
    out = sys.stdout.buffer
    for piece in KINDS[sys.argv[1]](float(sys.argv[2]), random.Random(1)):
        out.write(piece if isinstance(piece, bytes) else piece.encode())


main()
