"""A test with a directory of its own, small inputs, and the commands of bench/bench."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from results_of import BENCH, BUILD
from runner import workload


class Scratch(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="bench-test-")
        self.addCleanup(shutil.rmtree, self.scratch)
        self.bench = workload.Bench(BUILD, self.scratch, 0.02)
        self.bench.launcher = [self.bench.binary("launch")]

    def path(self, name):
        return os.path.join(self.scratch, name)

    def command(self, *arguments, status=0):
        done = subprocess.run([BENCH, *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def written(self, name):
        """The results document a command left at path(name)."""
        with open(self.path(name), encoding="utf-8") as file:
            return json.load(file)
