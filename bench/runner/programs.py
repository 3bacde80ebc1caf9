"""The real programs and the inputs they are given."""
import os
import subprocess

from . import measure
from .failure import Usage
from .postgres import Postgres
from .redis import Redis
from .workload import Program

JQ = ("group_by(.user) | map({user: .[0].user, total: (map(.score) | add), "
      "tags: (map(.tags[]) | unique | length)}) | sort_by(.total)")

# Nothing of the user's configuration may matter to git.
GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent",
       "GIT_PAGER": "cat"}


def made(bench, kind):
    """The path of a generated input."""
    path = os.path.join(bench.scratch, f"input.{kind}")

    def make():
        with open(path, "wb") as file:
            script = os.path.join(bench.sources, "generate.py")
            subprocess.run(["/usr/bin/python3", "-I", script, kind, str(bench.scale)], stdout=file,
                           check=True)
        return path
    return bench.once(("input", kind), make)


def repository(bench):
    path = os.path.join(bench.scratch, "repository")

    def make():
        git = ["/usr/bin/git", "-c", "safe.directory=*"]
        environment = measure.environment(GIT)
        subprocess.run([*git, "init", "-q", "--bare", path], env=environment, check=True)
        with open(made(bench, "git"), "rb") as stream:
            done = subprocess.run([*git, "-C", path, "fast-import", "--quiet"], stdin=stream,
                                  env=environment, check=False)
        if done.returncode:
            raise Usage("git fast-import refused the generated history")
        return path
    return bench.once("repository", make)


def script(program, name, environment=None, options=()):
    """A program on one of the scripts of bench/programs, whose argument is the scale."""
    def order(bench):
        path = os.path.join(bench.sources, name)
        return measure.Order([program, *options, path, str(bench.scale)], environment or {})
    return order


def compiler(program, kind):
    def order(bench):
        output = f"{os.path.basename(program)}.o"
        command = [program, "-O1", "-c", made(bench, kind), "-o", output]
        return measure.Order(command, directory=bench.scratch, outputs=[output])
    return order


def cache(bench):
    """Four rounds through the hours' ten favourite sizes: with less scale, less of everything."""
    scale = min(1, bench.scale)
    requests, capacity = max(20000, int(200000 * scale)), max(4, int(40 * scale))
    return measure.Order([bench.binary("cache"), "40", str(requests), str(capacity)])


def burst(bench):
    scale = min(1, bench.scale)
    return measure.Order([bench.binary("burst"), str(max(4, int(200 * scale))), str(scale)])


def shell(bench):
    """Many processes that live a moment, as in configure scripts and builds."""
    loop = f"i=0; while [ $i -lt {max(2, int(250 * bench.scale))} ]; do /bin/true; i=$((i+1)); done"
    return measure.Order(["/bin/sh", "-c", loop])


def ghostscript(bench):
    command = ["/usr/bin/gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=ppmraw", "-r72",
               "-sOutputFile=drawn.ppm", made(bench, "ps")]
    return measure.Order(command, directory=bench.scratch, outputs=["drawn.ppm"])


def imagemagick(bench):
    command = ["/usr/bin/convert-im6.q16", made(bench, "ppm"), "-resize", "70%", "-blur", "0x2",
               "-rotate", "7", "changed.ppm"]
    return measure.Order(command, directory=bench.scratch, outputs=["changed.ppm"])


def git(*arguments):
    def order(bench):
        command = ["/usr/bin/git", "-c", "safe.directory=*", "-c", "pack.threads=1", "-C",
                   repository(bench), *arguments]
        return measure.Order(command, GIT)
    return order


def programs():
    python, lua, perl = "/usr/bin/python3", "/usr/bin/lua5.4", "/usr/bin/perl"
    malloc = {"PYTHONMALLOC": "malloc"}

    def one(name, order, program, package):
        return Program(name, order, ((program, package),) if program else ())

    return [
        one("python", script(python, "objects.py", options=["-I"]), python, "python3"),
        one("python-malloc", script(python, "objects.py", malloc), python, "python3"),
        one("python-json", script(python, "documents.py", options=["-I"]), python, "python3"),
        one("python-json-malloc", script(python, "documents.py", malloc), python, "python3"),
        one("ruby", script("/usr/bin/ruby", "objects.rb"), "/usr/bin/ruby", "ruby"),
        one("lua", script(lua, "tables.lua"), lua, "lua5.4"),
        one("perl", script(perl, "hashes.pl"), perl, "perl"),
        one("node", script("/usr/bin/node", "buffers.js"), "/usr/bin/node", "nodejs"),
        one("gcc", compiler("/usr/bin/gcc", "c"), "/usr/bin/gcc", "gcc"),
        one("g++", compiler("/usr/bin/g++", "cc"), "/usr/bin/g++", "g++"),
        one("clang", compiler("/usr/bin/clang", "c"), "/usr/bin/clang", "clang"),
        one("clang++", compiler("/usr/bin/clang++", "cc"), "/usr/bin/clang++", "clang"),
        one("sqlite", lambda bench: measure.Order(
            ["/usr/bin/sqlite3", ":memory:", f".read {made(bench, 'sql')}"]),
            "/usr/bin/sqlite3", "sqlite3"),
        Redis("redis"),
        Postgres("postgres"),
        one("ghostscript", ghostscript, "/usr/bin/gs", "ghostscript"),
        one("z3", lambda bench: measure.Order(["/usr/bin/z3", made(bench, "smt2")]),
            "/usr/bin/z3", "z3"),
        one("git-log", git("log", "-p", "--stat", "main"), "/usr/bin/git", "git"),
        one("git-pack", git("pack-objects", "--all", "--stdout", "--no-reuse-delta", "-q"),
            "/usr/bin/git", "git"),
        one("jq", lambda bench: measure.Order(["/usr/bin/jq", "-c", JQ, made(bench, "json")]),
            "/usr/bin/jq", "jq"),
        one("imagemagick", imagemagick, "/usr/bin/convert-im6.q16", "imagemagick-6.q16"),
        one("shell", shell, "/bin/sh", "dash"),
        one("burst", burst, None, None),
        one("cache", cache, None, None),
    ]
