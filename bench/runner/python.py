"""Python's objects from another allocator (PYTHONMALLOC=malloc) against Python's own, pymalloc."""
import os

from . import measure
from .allocator import PYMALLOC, Allocator
from .workload import Workload

PYTHON = "/usr/bin/python3"

# Scripts and how much more than the scale each is given: at 1, all take about a second.
SCRIPTS = {"containers": 1, "instances": 1, "graphs": 1, "text": 1, "sorting": 1, "closures": 1.5,
           "arithmetic": 1.5, "tasks": 1, "objects": 2, "documents": 3}


class Script(Workload):
    """A script of programs/python (or programs/) whose argument is the scale."""
    family = "python"
    needs = ((PYTHON, "python3"),)

    def __init__(self, name, more):
        super().__init__(name)
        self.more = more

    def order(self, bench, allocator):
        """The same for all but where objects come from. Hashes of strings are fixed: with them
        differ which sets collide, and the order in which memory is used."""
        paths = [os.path.join(bench.sources, *parts) for parts in
                 (("python", f"{self.name}.py"), (f"{self.name}.py",))]
        path = next(path for path in paths if os.path.exists(path))
        environment = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
                       "PYTHONMALLOC": "pymalloc" if allocator.inherent else "malloc"}
        return measure.Order([PYTHON, "-s", path, str(bench.scale * self.more)], environment)

    def run(self, bench, allocator):
        order = self.order(bench, allocator)
        return measure.run(bench.launcher, order, allocator, bench.scratch)[0]


def scripts():
    return [Script(name, more) for name, more in SCRIPTS.items()]


def own():
    return Allocator(PYMALLOC, PYTHON)
