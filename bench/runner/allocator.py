"""Allocators: which there are, where their shared objects lie, and exactly which build they are."""
import functools
import glob
import hashlib
import os
import subprocess
from dataclasses import dataclass

from .failure import Usage

SUBJECT = "libpool"
BASE = "glibc"
PYMALLOC = "pymalloc"  # Python's own, which is in Python
ALWAYS = (BASE, SUBJECT, "jemalloc")

# name -> (file names to look for, the Debian package to install)
KNOWN = {
    "jemalloc": (("libjemalloc.so.2",), "libjemalloc2"),
    "mimalloc": (("libmimalloc.so.3", "libmimalloc.so.2"), "libmimalloc2.0"),
    "tcmalloc": (("libtcmalloc_minimal.so.4", "libtcmalloc.so.4"), "libtcmalloc-minimal4"),
    "tbb": (("libtbbmalloc_proxy.so.2",), "libtbbmalloc2"),
}

# Taken when installed; not missed otherwise.
OTHERS = {
    "snmalloc": ("libsnmallocshim.so*",),
    "rpmalloc": ("librpmalloc.so*", "librpmallocwrap.so*"),
    "hoard": ("libhoard.so*",),
    "hardened": ("libhardened_malloc.so*",),
}

# Found as well, but run only when named: made to find errors, not for speed.
ON_REQUEST = {
    "scudo": ("/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.scudo_standalone-*.so",),
}


@dataclass(frozen=True)
class Allocator:
    name: str
    path: str
    before: str = ""  # what is preloaded in front of it: only the tests' slow.c

    @property
    def preload(self):
        if self.inherent:
            return ""
        return f"{self.before}:{self.path}" if self.before else self.path

    @property
    def inherent(self):
        """Whether it is the program's own and nothing is preloaded: `path` is then the program."""
        return self.name == PYMALLOC

    def identity(self):
        """What a results file keeps of it: the path, the package and a hash of the file."""
        with open(self.path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        if self.before:
            digest = f"{digest}+{self.before}+{os.environ.get('BENCH_SLOW', '')}"
        return {"name": self.name, "path": self.path, "package": package_of(self.path),
                "sha256": digest}


def package_of(path):
    """The Debian package and version a file is from, or "" when it is from none."""
    real = os.path.realpath(path)
    for candidate in (real, real.removeprefix("/usr"), "/usr" + real):
        found = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True,
                               check=False)
        if found.returncode == 0:
            package = found.stdout.split(": ")[0].split(",")[0]
            shown = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}", package],
                                   capture_output=True, text=True, check=False)
            return shown.stdout
    return ""


@functools.cache
def library_directories():
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False)
    paths = [line.split("=> ")[1] for line in listing.stdout.splitlines() if "=> " in line]
    own = ["/usr/local/lib", "/usr/local/lib64"]
    return list(dict.fromkeys([os.path.dirname(path) for path in paths] + own))


def find(patterns):
    for pattern in patterns:
        for directory in [""] if pattern.startswith("/") else library_directories():
            found = sorted(glob.glob(os.path.join(directory, pattern)))
            if found:
                return found[0]
    return None


def glibc():
    """glibc is preloaded like the rest: programs linked with another malloc then use it too."""
    path = find(("libc.so.6",))
    if not path:
        raise Usage("glibc's libc.so.6 was not found: is this a system with glibc?")
    return Allocator(BASE, path)


def subject(path, build):
    candidates = [path] if path else sorted(glob.glob(os.path.join(build, "preload/libpool.so*")))
    for candidate in candidates:
        if os.path.isfile(candidate):
            return Allocator(SUBJECT, os.path.abspath(candidate))
    raise Usage(f"libpool.so was not found in {path or os.path.join(build, 'preload')}: build it "
                "(meson setup build && meson compile -C build) and give --build DIRECTORY, or name "
                "the file with --libpool PATH")


def named(specification):
    """NAME=PATH from the command line."""
    name, _, path = specification.partition("=")
    if not name or not path:
        raise Usage(f"'{specification}' is no allocator: give NAME=PATH, such as "
                    "mine=/usr/local/lib/libmine.so")
    if not os.path.isfile(path):
        raise Usage(f"{path} (for {name}) does not exist")
    return Allocator(name, os.path.abspath(path))


def discover(extra=(), wanted=None, libpool=None, build=".", without_subject=False):
    """The allocators of a run in a fixed order, and what to install for those not found.

    `extra` are NAME=PATH and replace one of that name; `wanted` is a list of names that limits
    the run to them, or None."""
    mine = {a.name: a for a in map(named, extra)}
    chosen, missing = {BASE: glibc()}, {}
    if not without_subject and SUBJECT not in mine and (wanted is None or SUBJECT in wanted):
        chosen[SUBJECT] = subject(libpool, build)
    for name, (files, package) in KNOWN.items():
        path = find(files)
        if path:
            chosen[name] = Allocator(name, path)
        elif name not in mine:
            missing[name] = f"apt-get install {package}"
    for name, files in (OTHERS | ON_REQUEST).items():
        path = find(files)
        if path and (name in OTHERS or name in (wanted or ())):
            chosen[name] = Allocator(name, path)
    chosen.update(mine)
    if SUBJECT in mine:
        chosen = {BASE: chosen[BASE], SUBJECT: chosen[SUBJECT], **chosen}
    if wanted is not None:
        return limit(chosen, missing, [*wanted, *mine])
    if "jemalloc" in missing:
        raise Usage(f"jemalloc is always compared with: {missing['jemalloc']}")
    return list(chosen.values()), missing


def limit(chosen, missing, wanted):
    for name in wanted:
        if name in missing:
            raise Usage(f"{name} is not installed: {missing[name]}")
        if name not in chosen:
            raise Usage(f"no allocator '{name}': there are {', '.join(chosen)}; name another as "
                        f"{name}=PATH")
    return [a for a in chosen.values() if a.name in wanted or a.name == BASE], {}


def slowed(allocators, library):
    """The same with libpool behind slow.c's libslow.so."""
    return [Allocator(a.name, a.path, library) if a.name == SUBJECT else a for a in allocators]
