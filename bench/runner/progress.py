"""A progress bar on standard error, when that is a terminal."""
import os
import shutil
import sys
import time


class Progress:
    def __init__(self, total):
        self.total, self.done = total, 0
        self.started = time.monotonic()
        self.shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def step(self, text):
        """Says what begins now; the step before it is done."""
        if self.shown:
            self.draw(text)
        self.done += 1

    def draw(self, text):
        spent = time.monotonic() - self.started
        left = spent / self.done * (self.total - self.done) if self.done else 0
        clock = f"{int(left) // 60}:{int(left) % 60:02} left" if self.done else ""
        filled = 20 * self.done // self.total
        line = f"[{'#' * filled}{'.' * (20 - filled)}] {self.done}/{self.total} {clock}  {text}"
        columns = shutil.get_terminal_size().columns
        sys.stderr.write("\r" + line[:columns - 1].ljust(columns - 1))
        sys.stderr.flush()

    def end(self):
        if self.shown:
            sys.stderr.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            sys.stderr.flush()
