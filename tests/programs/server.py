"""A server: started in the background, waited for, looked into, stopped."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 30


def free_port():
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens_on(port):
    """A readiness check: does anybody accept connections on PORT?"""
    def check():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False
    return check


class ServerError(Exception):
    """The server did not come up, or runs without the allocator."""


class Server:
    def __init__(self, argv, directory, environment, user=None):
        self.name = os.path.basename(argv[0])
        self.log_path = Path(directory) / f"{self.name}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                argv, cwd=directory, env=environment, user=user, group=user,
                extra_groups=[] if user else None, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self, lines=30):
        text = self.log_path.read_text(errors="backslashreplace")
        return "\n".join(text.splitlines()[-lines:])

    def wait_until(self, ready):
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self.process.poll() is not None:
                raise ServerError(f"{self.name} ended at start-up with status "
                                  f"{self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} not ready in {START_SECONDS} s:\n{self.log()}")
            time.sleep(0.02)

    def children(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(pid) for pid in Path(path).read_text().split()]

    def require_mapped(self, library):
        """The library must be mapped in the server and in each of its children."""
        for pid in [self.process.pid] + self.children():
            try:
                maps = Path(f"/proc/{pid}/maps").read_text()
            except OSError:
                continue  # a child that has ended since
            if maps and library not in maps:
                raise ServerError(f"{self.name} (pid {pid}) runs without {library}")

    def stop(self, number):
        """Sends the signal and returns the exit status, None if it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return None

    def crashed(self):
        return self.process.returncode not in (0, None)
