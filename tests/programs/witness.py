"""The witness: compiled where the build has not done it."""

import shutil
import subprocess
import sys
from pathlib import Path

from comparison import INSTALL_HINT

SOURCE = Path(__file__).resolve().parent / "witness.c"


def built_witness(path, scratch):
    """PATH, if the build gave one; otherwise a fresh one in the directory SCRATCH."""
    if path:
        return path
    built = f"{scratch}/witness.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        sys.exit(f"no C compiler for the witness: {INSTALL_HINT}")
    subprocess.run([compiler, "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", built,
                    str(SOURCE)], check=True)
    return built
