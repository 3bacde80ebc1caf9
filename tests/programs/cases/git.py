"""Git: commits, branches, a merge, a threaded repack, clone, log, blame and fsck."""

import random

PROGRAMS = ["git"]

STAMP = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2001-01-01T00:00:00Z",
}


def fill(space, rng, files):
    for n in files:
        lines = (f"{rng.randrange(10**9)} {'x' * rng.randrange(60)}" for _ in range(200))
        space.write(f"tree/dir{n % 7}/file{n}.txt", "\n".join(lines))


def run(space):
    def git(*words, **options):
        return space.run("git", "-C", "tree", *words, env=STAMP, **options)

    rng = random.Random(5)
    space.run("git", "init", "-q", "-b", "main", "tree", env=STAMP)
    for commit in range(12):
        fill(space, rng, range(commit * 10, commit * 10 + 40))
        git("add", "-A")
        git("commit", "-q", "-m", f"commit {commit}")
    git("switch", "-q", "-c", "side", "HEAD~3")
    space.write("tree/side.txt", "side\n" * 1000)
    git("add", "-A")
    git("commit", "-q", "-m", "side")
    git("switch", "-q", "main")
    git("merge", "-q", "-m", "merge", "side")
    git("-c", "pack.threads=2", "repack", "-q", "-a", "-d", "-f", "--depth=20", "--window=20")
    git("-c", "pack.threads=2", "gc", "-q", "--prune=now")
    git("log", "--stat", "--format=%H %s")
    git("log", "-p", "--no-color", "-n", "2")
    git("blame", "-s", "dir0/file77.txt")
    git("grep", "-c", "77")
    git("fsck", "--full", "--no-progress")
    space.run("git", "clone", "-q", "--no-local", "tree", "copy", env=STAMP)
    space.run("git", "-C", "copy", "rev-parse", "HEAD", env=STAMP)
    git("diff", "--stat", "HEAD~8", "HEAD")
