"""tar: packs, lists and unpacks a tree, through gzip as well."""

import random

PROGRAMS = ["tar"]
WITNESSES = ["tar", "gzip"]


def run(space):
    rng = random.Random(3)
    for n in range(600):
        text = "\n".join(str(rng.random()) for _ in range(rng.randrange(300)))
        space.write(f"tree/directory{n % 40}/with a longer name {n}.txt", text)
    same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    space.run("tar", *same, "-cf", "tree.tar", "tree")
    space.run("tar", *same, "-czf", "tree.tgz", "tree")
    space.run("sha256sum", "tree.tar")
    space.run("tar", "-tvf", "tree.tgz")
    space.write("copy/place", "")
    space.run("tar", "-xzf", "tree.tgz", "-C", "copy")
    space.run("diff", "-r", "tree", "copy/tree")
    # The archive says that every file was changed at 0; they are of today.
    space.run("tar", "-df", "tree.tar", status=1)
    space.run("tar", "-xf", "nowhere.tar", status=2)
