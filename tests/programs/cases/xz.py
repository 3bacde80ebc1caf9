"""xz: packs with threads and at two levels, and unpacks again."""

import random

PROGRAMS = ["xz"]


def run(space):
    rng = random.Random(4)
    words = [f"word{n}" for n in range(3000)]
    text = " ".join(rng.choices(words, k=500000))
    space.write("text", text)
    space.run("xz", "-k", "-T2", "-3", "--block-size=1MiB", "text")
    space.run("sha256sum", "text.xz")
    space.run("xz", "-t", "-T2", "text.xz")
    space.run("xz", "-lv", "text.xz")
    space.record("unpacked", str(space.run("xz", "-dc", "text.xz", keep=False) == text.encode()))
    space.run("xz", "-k", "-c", "-6", "--format=lzma", "text", keep=False)
    space.write("broken.xz", b"\xfd7zXZ\x00broken")
    space.run("xz", "-t", "broken.xz", status=1)
