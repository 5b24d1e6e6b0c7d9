"""What a process and all that it starts take: wall and CPU time, and the most memory. Linux only."""

import compileall
import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from resource import struct_rusage
from typing import TypedDict

import onnx2zz

PR_SET_CHILD_SUBREAPER = 36
ONNX2ZZ = (sys.executable, "-c", "from onnx2zz.cli.main import main; main()")


class Took(TypedDict):
    """Seconds, and the MB of the process that had most."""

    wall: float
    cpu: float
    peak_mb: float


class FailedError(Exception):
    """A process ended with an error; the last line that it said."""


def adopt_orphans() -> None:
    """Processes that outlive the one that started them become ours, so that `timed` can count them."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def compile_bytecode() -> None:
    """As an installed package has it: where Python may not write any (PYTHONDONTWRITEBYTECODE), each process would
    compile all that it imports."""
    compileall.compile_dir(str(Path(onnx2zz.__file__).parent), quiet=2)


def timed(command: Sequence[str], log: Path) -> Took:
    """Run `command` and all that it starts to the end; what it says goes to `log`. Raises FailedError."""
    start = time.perf_counter()
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    every = [used, *_orphans()]
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise FailedError(log.read_text().strip().splitlines()[-1])
    cpu = sum(one.ru_utime + one.ru_stime for one in every)
    return {"wall": wall, "cpu": cpu, "peak_mb": max(one.ru_maxrss for one in every) // 1024}


def _orphans() -> Iterator[struct_rusage]:
    with suppress(ChildProcessError):
        while True:
            *_, used = os.wait3(0)
            yield used
