"""Other tools run in a process of their own, in the Python that has them: they want other versions of our libraries."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.second_opinion.counts import CannotSayError

VERSION = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"


def version_in(python: str, package: str) -> str | None:
    """The version of a package in that Python, None where it has none. Raises InputError where there is no Python."""
    try:
        done = subprocess.run([python, "-c", VERSION, package], capture_output=True, text=True, check=False)
    except OSError as error:
        what = f"no Python starts here ({error.strerror})"
        raise InputError(Problem(f"--python {python}", what, "name the executable that has the tool")) from error
    return done.stdout.strip() if done.returncode == 0 else None


def run_in(python: str, program: str, arguments: Sequence[str], folder: Path) -> None:
    """Run a program text there, in `folder`. Raises CannotSayError with the last line of what went wrong."""
    command = [python, "-c", program, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise CannotSayError(f"it stopped: {lines[-1]}")
