"""How close the schedules of networks on systems come to their bounds, and what they cost to find.

`onnx2zz evaluate` of each model on each system, a process of its own without a cache and with one worker: latency and
bound, tiles and transfers, CPU time (imports and all child processes included) and memory.
"""

import json
import os
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from statistics import geometric_mean
from typing import Any, TypedDict

from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.processes import ONNX2ZZ, Took, timed
from scripts.doc_table import table

NETWORKS = ("lenet5", "resnet18", "mobilenetv2", "tiny_yolov2", "yolov8n")
SYSTEMS = ("seneca_2x2", "seneca_4x4", "seneca_8x8", "seneca_16x16", "tpu_like_quad")
IMPOSSIBLE = {("yolov8n", "seneca_2x2")}
"""What no schedule holds: a Concat that reads more at once than all cores have room for."""


class ScheduleCase(TypedDict):
    """A model on a system."""

    network: str
    system: str


class ScheduleLine(ScheduleCase):
    """Cycles of the best schedule and of the bound, what kind of schedule it is and how many jobs it has, what the run
    took, and the machine's load before and after."""

    latency: float
    bound: float
    kind: str
    tiles: int
    transfers: int
    took: Took
    load: list[float]


def evaluated(case: ScheduleCase, *options: str) -> tuple[Any, Took]:
    """The result of a case, and what it took."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*ONNX2ZZ, "evaluate", case["network"], "--arch", case["system"], *options]
        took = timed([*command, "--no-cache", "--jobs", "1", "-o", folder], Path(folder, "log.txt"))
        return json.loads(Path(folder, "result.json").read_text()), took


def measured(case: ScheduleCase) -> ScheduleLine:
    before = os.getloadavg()[0]
    found, took = evaluated(case)
    system = found["system"]
    return {
        **case,
        "latency": found["total"]["latency_cycles"],
        "bound": system["bound_cycles"],
        "kind": system["schedule"],
        "tiles": system["tiles"],
        "transfers": system["transfers"],
        "took": took,
        "load": [before, os.getloadavg()[0]],
    }


def times(line: ScheduleLine) -> float:
    """How many times the bound the latency is."""
    return line["latency"] / line["bound"]


def tables(lines: Sequence[ScheduleLine]) -> dict[str, str]:
    """Each case at its last measurement, and the mean of all."""
    last = {(line["network"], line["system"]): line for line in lines}
    head = ["model", "system", "cycles", "bound", "latency / bound", "tiles", "transfers", "CPU", "memory"]
    rows = [
        [
            *(
                line["network"],
                line["system"],
                f"{line['latency']:,.0f}",
                f"{line['bound']:,.0f}",
                f"{times(line):.3f}",
            ),
            *(f"{line['tiles']:,}", f"{line['transfers']:,}"),
            *(f"{line['took']['cpu']:.1f} s", f"{line['took']['peak_mb']:,.0f} MB"),
        ]
        for line in last.values()
    ]
    mean = geometric_mean([times(line) for line in last.values()])
    return {
        "schedules": table(head, rows) + f"\n\nGeometric mean of latency / bound over these {len(last)}: {mean:.3f}."
    }


def cases(given: Namespace) -> Iterable[ScheduleCase]:
    for network, system in product(given.network, given.system):
        if (network, system) not in IMPOSSIBLE:
            yield {"network": network, "system": system}


def asked(name: str, about: str | None) -> ArgumentParser:
    """The options of a benchmark of networks on systems."""
    parser = options(name, about)
    parser.add_argument("--network", nargs="+", default=NETWORKS)
    parser.add_argument("--system", nargs="+", default=SYSTEMS)
    return parser


def main(arguments: Sequence[str]) -> int:
    parser = asked("schedules", __doc__)
    return Benchmark("schedules", "systems.md", cases, measured, tables).main(parser, arguments)
