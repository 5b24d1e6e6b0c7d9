"""How close the pipelines of networks on systems come to their bounds, and what they cost to find.

`onnx2zz evaluate --schedule pipeline` of each model on each system, a process of its own without a cache and with one
worker: interval and latency beside their bounds, CPU time (imports and all child processes included) and memory.
"""

import os
from collections.abc import Sequence
from statistics import geometric_mean

from scripts.benchmarks.benchmark import Benchmark
from scripts.benchmarks.processes import Took
from scripts.benchmarks.schedules import ScheduleCase, asked, cases, evaluated
from scripts.doc_table import table


class PipelineLine(ScheduleCase):
    """Cycles from a frame to the next and of one frame, with their bounds, cores at work and bits of weights that stay,
    what the run took, and the machine's load before and after."""

    interval: float
    interval_bound: float
    latency: float
    cores: int
    stays: float
    took: Took
    load: list[float]


def measured(case: ScheduleCase) -> PipelineLine:
    before = os.getloadavg()[0]
    found, took = evaluated(case, "--schedule", "pipeline")
    pipeline = found["system"]["pipeline"]
    return {
        **case,
        "interval": pipeline["interval_cycles"],
        "interval_bound": pipeline["interval_bound_cycles"],
        "latency": found["total"]["latency_cycles"],
        "cores": pipeline["own_cores"],
        "stays": pipeline["setup_bits"],
        "took": took,
        "load": [before, os.getloadavg()[0]],
    }


def times(line: PipelineLine) -> float:
    """How many times its bound the interval is."""
    return line["interval"] / line["interval_bound"]


def tables(lines: Sequence[PipelineLine]) -> dict[str, str]:
    """Each case at its last measurement, and the mean of all."""
    last = {(line["network"], line["system"]): line for line in lines}
    head = ["model", "system", "a frame every", "bound", "interval / bound", "a frame's latency", "cores", "stays"]
    rows = [
        [
            *(line["network"], line["system"], f"{line['interval']:,.0f}", f"{line['interval_bound']:,.0f}"),
            *(
                f"{times(line):.3f}",
                f"{line['latency']:,.0f}",
                f"{line['cores']:,}",
                f"{line['stays'] / 1e6:,.1f} Mbit",
            ),
            *(f"{line['took']['cpu']:.0f} s", f"{line['took']['peak_mb']:,.0f} MB"),
        ]
        for line in last.values()
    ]
    mean = geometric_mean([times(line) for line in last.values()])
    said = f"Geometric mean of interval / bound over these {len(last)}: {mean:.3f}."
    return {"pipelines": f"{table([*head, 'CPU', 'memory'], rows)}\n\n{said}"}


def main(arguments: Sequence[str]) -> int:
    return Benchmark("pipelines", "systems.md", cases, measured, tables).main(asked("pipelines", __doc__), arguments)
