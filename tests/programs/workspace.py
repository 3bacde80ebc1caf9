"""A workspace: one run of a case, with or without the allocator, and the transcript it leaves."""

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from server import Server

COMMAND_SECONDS = 100


class Subject:
    """The allocator under test and the witness that goes with it, copied where programs that give
    up root can read them too: the build may lie below a directory of root's own."""

    def __init__(self, allocator, witness, scratch):
        self.allocator = self.readable(allocator, scratch)
        self.witness = self.readable(witness, scratch)

    @staticmethod
    def readable(library, scratch):
        copy = os.path.join(os.path.realpath(scratch), os.path.basename(library))
        if os.path.realpath(library) != copy:
            shutil.copy(library, copy)
        os.chmod(copy, 0o755)
        return copy


def describe_status(code):
    """An exit status or, for a process that a signal ended, the signal's name."""
    if code is None:
        return "did not end in time"
    return f"exit {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def search_path():
    """Debian's programs first: a machine may have others of the same name."""
    return "/usr/sbin:/usr/bin:/sbin:/bin:" + os.environ.get("PATH", "")


def base_environment(directory):
    """The same small environment for every run, so that two runs can give the same output."""
    home = os.environ.get("HOME", "/root")
    return {
        "PATH": search_path(),
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(directory),
        "PYTHONHASHSEED": "0",
        "PYTHONMALLOC": "malloc",
        "PYTHONDONTWRITEBYTECODE": "1",
        # A rustc that rustup installed looks for its toolchain in the real home.
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", f"{home}/.rustup"),
        "CARGO_HOME": os.environ.get("CARGO_HOME", f"{home}/.cargo"),
    }


class Workspace:
    """A directory to work in, the commands run there, and the transcript to compare."""

    def __init__(self, directory, subject=None):
        self.directory = Path(directory)
        self.subject = subject
        self.transcript = []
        self.surprises = []
        self.hidden = {}
        self.witness_log = Path(f"{directory}.witness")
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        # Programs that give up root still work here and still bear witness.
        self.directory.chmod(0o777)
        self.witness_log.write_text("")
        self.witness_log.chmod(0o666)

    def path(self, name):
        return str(self.directory / name)

    def write(self, name, content):
        """Puts an input in place; text or bytes. Returns its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def hide(self, text, name):
        """Writes NAME for TEXT in the transcript: for a port or an id that differs by run."""
        self.hidden[str(text)] = name

    def record(self, title, content):
        """Adds CONTENT, which must be the same in both runs, to the transcript."""
        if isinstance(content, bytes):
            content = content.decode("utf-8", "backslashreplace")
        for text, name in self.hidden.items():
            title, content = title.replace(text, name), content.replace(text, name)
        self.transcript.append((title, content))

    def record_file(self, name):
        path = Path(self.path(name))
        self.record(name, path.read_bytes() if path.exists() else "not there")

    def environment(self, extra=None, preload=True):
        environment = base_environment(self.directory)
        environment.update(extra or {})
        if self.subject and preload:
            environment["LD_PRELOAD"] = f"{self.subject.witness}:{self.subject.allocator}"
            environment["WITNESS_LOG"] = str(self.witness_log)
        return environment

    def run(self, *argv, stdin=b"", env=None, user=None, keep=True, edit=None, preload=True,
            status=0, seconds=COMMAND_SECONDS):
        """Runs a command to its end and returns its standard output.

        KEEP: its output belongs in the transcript; its exit status always does. EDIT: a function
        that takes from the output what rightly differs by run, such as times. USER: run as.
        STATUS: the exit status of a program that does what the case means it to do.
        """
        process = subprocess.Popen(
            argv, cwd=self.directory, env=self.environment(env, preload), user=user,
            group=user, extra_groups=[] if user else None, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(
                stdin.encode() if isinstance(stdin, str) else stdin, seconds)
            ended = describe_status(process.returncode)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            ended = f"did not end within {seconds} s"
        title = " ".join(str(word) for word in argv)
        if len(title) > 120:
            title = title[:117] + "..."
        self.record(f"$ {title}", ended)
        expected = ended == f"exit {status}"
        if not expected:
            last_words = err.decode("utf-8", "backslashreplace")[-1000:]
            self.surprises.append(f"{title}: {ended}, not exit {status}\n{last_words}")
        if keep or not expected:
            for stream, content in ("stdout", out), ("stderr", err):
                text = content.decode("utf-8", "backslashreplace")
                self.record(f"{stream} of {title}", edit(text) if edit else text)
        return out

    @contextmanager
    def serve(self, *argv, ready, stop=signal.SIGTERM, env=None, user=None):
        """Runs a server under the allocator around a block; its exit status is recorded."""
        server = Server(argv, self.directory, self.environment(env), user)
        title = f"server {os.path.basename(argv[0])}"
        try:
            server.wait_until(ready)
            if self.subject:
                server.require_mapped(self.subject.allocator)
            yield server
        finally:
            status = describe_status(server.stop(stop))
            self.record(title, status)
        if server.crashed():
            self.record(f"log of {title}", server.log())

    def witnesses(self):
        """The (program, object that serves its malloc) pairs of every process of this run."""
        lines = self.witness_log.read_text(errors="replace").splitlines()
        return [tuple(line.split("\t", 1)) for line in lines if "\t" in line]

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.witness_log.unlink(missing_ok=True)
