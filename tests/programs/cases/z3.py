"""Z3: a pigeonhole proof, bit vectors, arithmetic and quantifiers."""

PROGRAMS = ["z3"]


def pigeons(holes):
    """HOLES + 1 pigeons do not fit: unsatisfiable, and hard work to see."""
    lines = ["(set-logic QF_UF)"]
    birds = range(holes + 1)
    lines += [f"(declare-const p{b}_{h} Bool)" for b in birds for h in range(holes)]
    lines += ["(assert (or " + " ".join(f"p{b}_{h}" for h in range(holes)) + "))" for b in birds]
    lines += [f"(assert (not (and p{a}_{h} p{b}_{h})))"
              for h in range(holes) for a in birds for b in birds if a < b]
    return "\n".join(lines + ["(check-sat)"])


MIXED = """
(declare-const a (_ BitVec 24))
(declare-const b (_ BitVec 24))
(push)
(assert (= (bvmul a b) #x0f1e2d))
(assert (and (bvult #x000010 a) (bvult a b)))
(check-sat)
(get-value ((bvmul a b)))
(pop)
(declare-fun f (Int) Int)
(declare-const x Int)
(push)
(assert (forall ((i Int)) (=> (and (<= 0 i) (< i 50)) (= (f (+ i 1)) (+ (f i) 3)))))
(assert (= (f 0) 1))
(assert (not (= (f 5) 16)))
(check-sat)
(pop)
(declare-const r Real)
(declare-const s Real)
(assert (and (> r 0.0) (> s 0.0) (< (+ r s) 10.0) (= (* r s) 20.0)))
(check-sat)
(get-model)
"""


def run(space):
    space.run("z3", space.write("pigeons.smt2", pigeons(8)))
    space.run("z3", "smt.random_seed=3", space.write("mixed.smt2", MIXED))
    space.run("z3", space.write("wrong.smt2", "(assert (nothing))\n"), status=1)
