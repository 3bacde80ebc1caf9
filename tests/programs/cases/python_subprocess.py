"""subprocess: pipes, vfork-like starts, shells and environments, from several threads."""

PROGRAMS = ["python3"]
WITNESSES = ["python3", "sort", "sh", "tr"]

SCRIPT = r'''
import concurrent.futures, subprocess, sys

def sort(n):
    text = "".join(f"{i * n % 1009}\n" for i in range(3000))
    done = subprocess.run(["sort", "-n"], input=text, capture_output=True, text=True)
    return n, done.returncode, hash(done.stdout) & 0xffff, done.stderr

def shell(n):
    command = f"for i in 1 2 3; do echo $i-{n}; done | tr 1-3 a-c; exit {n}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return n, done.returncode, done.stdout

def child(n):
    code = f"print(sum(range({n})) , len([object() for _ in range({n})]))"
    return n, subprocess.check_output([sys.executable, "-S", "-c", code], text=True)

with concurrent.futures.ThreadPoolExecutor(4) as pool:
    for job, inputs in (sort, range(1, 25)), (shell, range(30)), (child, range(1000, 1012)):
        for row in pool.map(job, inputs): print(job.__name__, *row)
try:
    subprocess.run(["/nowhere/program"])
except FileNotFoundError as error:
    print(error)
'''


def run(space):
    space.run("python3", space.write("starts.py", SCRIPT))
