"""CACTI as ZigZag runs it, but in a private copy: ZigZag 3.9.1 has it write into the installed package, where two of
them at once overwrite each other's files, and with whatever `python` is first on the path.

The questions, the pool of earlier answers and the reading of the result stay ZigZag's own (cacti/cacti_parser.py).
"""

import errno
import logging
import math
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any, NoReturn

from zigzag.cacti.cacti_parser import CactiParser
from zigzag.hardware.architecture import memory_instance
from zigzag.hardware.architecture.imc_unit import ImcUnit

from onnx2zz.zigzag.cacti_costs import Asked
from onnx2zz.zigzag.cacti_files import POOL, cacti_folder, private_copy

IN_THE_CURRENT_FOLDER = "zigzag/cacti/cacti_master"
"""Where ZigZag looks for the CACTI of an array that computes in memory (imc_unit.py:154)."""

NO_RESULT = "CACTI output file"
"""How the script that ZigZag starts (cacti_top.py:90) says that CACTI left none."""

logger = logging.getLogger("zigzag.onnx2zz")
_lock = RLock()


class NoCostsError(Exception):
    """CACTI says nothing that can be used; the message is for a sentence."""


class PrivateCacti(CactiParser):
    """ZigZag's class, each answer of which comes from a copy that is made for it."""

    def get_item(self, **asked: Any) -> tuple[float, float, float]:
        with private_copy() as folder:
            # The pool goes along, too: ZigZag appends each new answer to it, and the installed one must stay as it is
            # digested.
            asked |= {"mem_pool_path": str(folder / POOL), "cacti_top_path": str(folder / "cacti_top.py")}
            return super().get_item(**asked)

    def create_item(
        self,
        mem_type: str,
        size: int,
        r_bw: int,
        r_port: int,
        w_port: int,
        rw_port: int,
        bank: int,
        technology: float = 0.022,
        mem_pool_path: str = "",
        cacti_top_path: str = "",
    ) -> None:
        """What ZigZag's method does, by this Python and with nothing on the screen."""
        asked = {
            "mem_type": mem_type,
            "cache_size": int(size / 8),
            "IO_bus_width": r_bw,
            "ex_rd_port": r_port,
            "ex_wr_port": w_port,
            "rd_wr_port": rw_port,
            "bank_count": bank,
            "mem_pool_path": mem_pool_path,
            "technology": technology,
        }
        options = [text for name, value in asked.items() for text in (f"--{name}", str(value))]
        done = subprocess.run(
            # Not `python`, as ZigZag has it: the first one on the path may lack what the script imports, or not be
            # there at all.
            [sys.executable, "-B", cacti_top_path, *options],
            cwd=os.path.dirname(mem_pool_path),  # noqa: PTH120 - a text, as ZigZag has it
            env={**os.environ, "PYTHONPATH": _python_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            logger.info("%s\n%s", done.stdout, done.stderr)
            # ZigZag's exception in ZigZag's words, since `predict` tells what stock ZigZag ends with. What is known
            # beyond that goes into a note.
            failure = ChildProcessError(f"Cacti subprocess call failed with return value {done.returncode}.")
            failure.add_note(_last_words(done.stdout, done.stderr))
            raise failure


def _python_path() -> str:
    """This ZigZag first, wherever it was found."""
    return os.pathsep.join([str(cacti_folder().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])


def _last_words(said: str, complained: str) -> str:
    """The line that tells what is wrong: the shell's, where the program did not start; where it left no result, its own
    last one; else that of the Python script which reads the result."""
    shell, _, trace = complained.partition("Traceback")
    of_cacti = said.rpartition("##")[2] if NO_RESULT in trace else ""
    lines = (line.strip() for text in (shell, of_cacti, trace) for line in reversed(text.split("\n")))
    return next(filter(None, lines), "")


@contextmanager
def private_cacti() -> Generator[None]:
    """While this is open, the memories that ZigZag makes have their costs from private copies.

    The cells of an array that computes in memory get none: ZigZag would start whatever program of that name lies below
    the current folder, and cannot read what the real one says (`float("N/A")`, get_cacti_cost.py:552).
    """
    # ZigZag's modules are changed for all threads of the process. Without the lock a second thread would note the
    # changed classes as the ones to put back.
    with _lock:
        unit: Any = ImcUnit
        before = memory_instance.CactiParser, unit.get_single_cell_array_cost_from_cacti
        memory_instance.CactiParser = PrivateCacti
        unit.get_single_cell_array_cost_from_cacti = staticmethod(_no_program_of_the_current_folder)
        try:
            yield
        finally:
            memory_instance.CactiParser = before[0]
            unit.get_single_cell_array_cost_from_cacti = staticmethod(before[1])


def _no_program_of_the_current_folder(**_: Any) -> NoReturn:
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), IN_THE_CURRENT_FOLDER)


@lru_cache(maxsize=1024)
def costs(asked: Asked, digest: str) -> tuple[float, float, float]:
    """pJ of a read and of a write, mm2. `digest`: of the files that the answer comes from.

    The numbers of ports, the bank and, for an accelerator's file, the node (22 nm) are those that ZigZag asks with,
    whatever the file says (hardware/architecture/memory_instance.py:66-76). Raises NoCostsError.
    """
    # `digest` is not read: it is here as a part of the cache's key, so that another program or pool is asked anew.
    constant = {"r_port": 1, "w_port": 1, "rw_port": 0, "bank": 1, "technology": asked.technology_um}
    try:
        with _lock:
            found = PrivateCacti().get_item(
                mem_name=asked.kind, mem_type=asked.kind, size=asked.bits, r_bw=asked.read_width, **constant
            )
    except Exception as error:  # a pool or a result that is not as ZigZag expects it raises anything
        raise NoCostsError(
            " ".join([type(error).__name__ + ":", str(error), *getattr(error, "__notes__", ())])
        ) from error
    # `float` takes nan, inf and negative numbers, from the program as from a pool that somebody has edited, and nothing
    # behind this point would object to them.
    if not all(math.isfinite(number) and number >= 0 for number in found):
        raise NoCostsError(f"it says {found[0]} and {found[1]} pJ, {found[2]} mm2")
    return found
