#!/usr/bin/python3
"""Runs ordinary programs under an allocator where memory or /dev/shm is short.

  tests/stress/surroundings.py build/preload/libpool.so              every case
  tests/stress/surroundings.py build/preload/libpool.so shm-full     these cases

What the program prints and how it ends must be as without the allocator. The cases about /dev/shm
put another file system there in a mount namespace of their own, which takes root or user
namespaces. Exit status: 0 all passed, 1 a case failed, 2 wrong usage.
"""

import os
import resource
import subprocess
import sys

MIB = 1 << 20
SECONDS = 60

# Lives long enough, and grows enough, that statistics about it are worth writing somewhere.
WORK = r'''
import threading, time
end = time.monotonic() + 1.0
def churn(n):
    kept = []
    while time.monotonic() < end:
        kept.append(bytearray((len(kept) * 7919 + n) % 60000))
        if len(kept) > 1500: del kept[::2]
threads = [threading.Thread(target=churn, args=(n,)) for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("worked", sum(range(1000)))
'''

REFUSED = r'''
held = []
try:
    while True: held.append(bytearray(1 << 20))
except MemoryError:
    count = len(held)
    del held
print("refused", count > 5)
text = "x" * 1000000
print(len(text + text))
'''

SORT = ["sh", "-c", "seq 20000 | sort -r | tail -n 1"]
TIGHT = [["/bin/ls", "/"], ["/usr/bin/sort", "/etc/passwd"], ["/bin/bash", "-c", "echo hi"],
         ["/usr/bin/python3", "-S", "-c", "print(1)"]]
PYTHON = ["/usr/bin/python3", "-S", "-c"]


def limited(kind, mib):
    def limit():
        resource.setrlimit(kind, (mib * MIB, mib * MIB))
    return limit


def run(command, allocator, limit=None):
    """The exit status and the output of a command, with the allocator if there is one."""
    environment = dict(os.environ, LANG="C.UTF-8", PYTHONMALLOC="malloc")
    environment.pop("LD_PRELOAD", None)
    if allocator:
        # Only the program itself: what prepares its surroundings runs without.
        command = command[:-1] + [command[-1].replace("PRELOAD=", f"LD_PRELOAD={allocator} ")] \
            if command[0] == "unshare" else ["env", f"LD_PRELOAD={allocator}", *command]
    else:
        command = [word.replace("PRELOAD=", "") for word in command]
    done = subprocess.run(command, env=environment, preexec_fn=limit, capture_output=True,
                          text=True, timeout=SECONDS)
    return done.returncode, done.stdout, done.stderr


def same_as_without(command, allocator, limit=None):
    without, with_it = run(command, None, limit), run(command, allocator, limit)
    if without[0] != 0:
        return f"the program fails without the allocator too: {without}"
    if with_it != without:
        return f"without: {without}\nwith:    {with_it}"
    return ""


def no_signal(command, allocator, limit):
    """With next to no memory a program may give up, but in its own way."""
    status, out, err = run(command, None, limit)
    if status < 0 or status > 128:
        return f"ended by signal without the allocator too, status {status}"
    status, out, err = run(command, allocator, limit)
    if status < 0 or status > 128:
        return f"ended by signal, status {status}: {out}{err}"
    return ""


def limit_cases():
    cases = {}
    for kind, name in (resource.RLIMIT_AS, "as"), (resource.RLIMIT_DATA, "data"):
        for mib in (24, 64, 300):
            cases[f"{name}-true-{mib}"] = (same_as_without, ["/bin/true"], limited(kind, mib))
            cases[f"{name}-sort-{mib}"] = (same_as_without, SORT, limited(kind, mib))
        for mib in (40, 64, 128, 300):
            cases[f"{name}-python-{mib}"] = (
                same_as_without, PYTHON + [REFUSED], limited(kind, mib))
        for mib in (3, 5, 8, 12, 16):
            # Not a shell: dash itself ends by a signal if it gets no memory as it starts.
            for program in TIGHT if mib >= 8 else TIGHT[:-1]:
                cases[f"{name}-{os.path.basename(program[0])}-{mib}"] = (
                    no_signal, program, limited(kind, mib))
    return cases


def shm_command(prepare, program="python"):
    """A shell line, in a mount namespace, that spoils /dev/shm and then runs the program."""
    work = f"PRELOAD=/usr/bin/python3 -S -c '{WORK}'" if program == "python" else program
    namespace = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-r", "-m"]
    return namespace + ["sh", "-c", f"{prepare} && {work}"]


def shm_cases():
    mount = "mount -t tmpfs -o {} tmpfs /dev/shm"
    fill = "{ cat /dev/zero > /dev/shm/full 2>/dev/null; true; }"
    spoilt = {
        "shm-4k": mount.format("size=4k"),
        "shm-64k": mount.format("size=64k"),
        "shm-1m": mount.format("size=1m"),
        "shm-full": f"{mount.format('size=4k')} && {fill}",
        "shm-full-1m": f"{mount.format('size=1m')} && {fill}",
        "shm-no-inodes": mount.format("nr_inodes=1"),
        "shm-read-only": mount.format("ro"),
        "shm-forbidden": f"{mount.format('mode=0')} && chmod 0 /dev/shm",
        "shm-not-there": "mount -t tmpfs tmpfs /dev",
    }
    cases = {name: (same_as_without, shm_command(prepare), None)
             for name, prepare in spoilt.items()}
    other_user = ("PRELOAD=setpriv --reuid=65534 --clear-groups /usr/bin/python3 -S -c "
                  f"'{WORK}'")
    if os.getuid() == 0:
        cases["shm-forbidden-user"] = (
            same_as_without, shm_command(mount.format("mode=0700"), other_user), None)
    return cases


def play(name, case, allocator):
    check, command, limit = case
    try:
        problem = check(command, allocator, limit)
    except subprocess.TimeoutExpired:
        problem = f"did not end within {SECONDS} s"
    print(f"ok   {name}" if not problem else f"FAIL {name}\n     " +
          problem.replace("\n", "\n     "), flush=True)
    return not problem


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    allocator = os.path.realpath(arguments[0])
    if not os.path.exists(allocator):
        print(f"{allocator} is not there: build it with ninja -C BUILDDIR", file=sys.stderr)
        return 2
    cases = {**limit_cases(), **shm_cases()}
    wanted = [name for name in cases
              if not arguments[1:] or any(name.startswith(word) for word in arguments[1:])]
    if not wanted:
        print(f"no such case; there are {', '.join(cases)}", file=sys.stderr)
        return 2
    failed = sum(not play(name, cases[name], allocator) for name in wanted)
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
