"""zstd: packs with threads, trains a dictionary, and unpacks again."""

import random

PROGRAMS = ["zstd"]


def run(space):
    rng = random.Random(6)
    words = [f"word{n}" for n in range(3000)]
    text = " ".join(rng.choices(words, k=400000))
    space.write("text", text)
    for level in ("-1", "-9", "-12"):
        space.run("zstd", "-q", "-f", "-T2", level, "text", "-o", "text.zst")
        space.run("sha256sum", "text.zst")
        space.run("zstd", "-q", "-t", "text.zst")
    space.record("unpacked", str(space.run("zstd", "-dc", "text.zst", keep=False) == text.encode()))
    samples = [space.write(f"samples/{n}", " ".join(rng.choices(words, k=80))) for n in range(500)]
    space.run("zstd", "-q", "--train", *samples, "-o", "dictionary", "--maxdict=16384")
    space.run("sha256sum", "dictionary")
    space.run("zstd", "-q", "-D", "dictionary", samples[3], "-o", "sample.zst")
    space.run("sha256sum", "sample.zst")
    space.run("zstd", "-q", "-dc", "-D", "dictionary", "sample.zst")
    space.run("zstd", "-t", space.write("broken.zst", "not zstd"), status=1)
