"""What evaluating on a system costs beside one of its cores.

`onnx2zz evaluate` of a model on both in turn, several times, each a process of its own without a cache and with one
worker: the least CPU time of each (imports and all child processes included), and how many times more the system takes.
"""

import os
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import TypedDict

from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.processes import ONNX2ZZ, timed
from scripts.doc_table import table

MOST_TIMES = 10
"""So many times the CPU time of a core a system may take."""


class CostCase(TypedDict):
    """A model on a system, and on what its cores are, each so many times."""

    network: str
    system: str
    core: str
    repeats: int


class CostLine(CostCase):
    """CPU seconds of each run, and the machine's load before and after."""

    system_cpu: list[float]
    core_cpu: list[float]
    load: list[float]


def measured(case: CostCase) -> CostLine:
    before = os.getloadavg()[0]
    system: list[float] = []
    core: list[float] = []
    for _ in range(case["repeats"]):
        core.append(_cpu(case["network"], case["core"]))
        system.append(_cpu(case["network"], case["system"]))
    return {**case, "system_cpu": system, "core_cpu": core, "load": [before, os.getloadavg()[0]]}


def _cpu(network: str, arch: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [*ONNX2ZZ, "evaluate", network, "--arch", arch, "--no-cache", "--jobs", "1", "-o", folder]
        return timed(command, Path(folder, "log.txt"))["cpu"]


def times(line: CostLine) -> float:
    """How many times more the system takes."""
    return min(line["system_cpu"]) / min(line["core_cpu"])


def falls_short(line: CostLine) -> bool:
    return times(line) > MOST_TIMES


def tables(lines: Sequence[CostLine]) -> dict[str, str]:
    """Each case at its last measurement."""
    last = {(line["network"], line["system"], line["core"]): line for line in lines}
    head = ["model", "one core", "CPU", "system", "CPU", "times"]
    rows = [
        [
            *(line["network"], line["core"], f"{min(line['core_cpu']):.1f} s"),
            *(line["system"], f"{min(line['system_cpu']):.1f} s", f"{times(line):.1f}"),
        ]
        for line in last.values()
    ]
    return {"system_cost": table(head, rows)}


def cases(given: Namespace) -> Iterable[CostCase]:
    for network, system in product(given.network, given.system):
        yield {"network": network, "system": system, "core": given.core, "repeats": given.repeats}


def main(arguments: Sequence[str]) -> int:
    parser = options("system_cost", __doc__)
    parser.add_argument("--network", nargs="+", default=["resnet18"])
    parser.add_argument("--system", nargs="+", default=["seneca_4x4"])
    parser.add_argument("--core", default="seneca")
    parser.add_argument("--repeats", type=int, default=3)
    page = "systems-beside-stream.md"
    return Benchmark("system_cost", page, cases, measured, tables, falls_short).main(parser, arguments)
