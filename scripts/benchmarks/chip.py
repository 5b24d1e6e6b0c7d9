"""What networks take on a chip of many cores: cores, frames a second, energy a frame.

`onnx2zz evaluate` of a pipeline, on as few cores as all weights stay on and on all cores that there are, with the zeros
of a run on random inputs counted beside.
"""

import json
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict

from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.processes import ONNX2ZZ, timed
from scripts.doc_table import table

ON = ("fewest", "all")


Document = dict[str, Any]
"""What JSON holds."""


class ChipCase(TypedDict):
    """A network on a system, on `cores` of it ("fewest" or "all"), with orderings up to `lpf_limit`."""

    network: str
    system: str
    cores: str
    lpf_limit: int


class ChipLine(ChipCase):
    """What came of it; cycles of the system's clock, pJ of a frame. `own_bound`: on the cores that work in it;
    `events_pj`: on event-driven cores. `cpu`: seconds, with what earlier runs have left in the cache."""

    found: bool
    worked: int
    interval: float
    bound: float
    bound_by: str
    own_bound: float
    latency: float
    clock_mhz: float
    energy_pj: float
    events_pj: float
    setup_bits: int
    cpu: float


def measured(case: ChipCase) -> ChipLine:
    with tempfile.TemporaryDirectory() as folder:
        command = [*ONNX2ZZ, "evaluate", case["network"], "--arch", case["system"], "--schedule", "pipeline"]
        command += ["--lpf-limit", str(case["lpf_limit"]), "--events", "random", "-o", folder]
        command += ["--cores", "fewest"] if case["cores"] == "fewest" else []
        cpu = timed(command, Path(folder, "log.txt"))["cpu"]
        return _line(case, json.loads(Path(folder, "result.json").read_text()).get("system"), cpu)


def _line(case: ChipCase, system: Document | None, cpu: float) -> ChipLine:
    of: Document = system or {}
    use: Document = of.get("pipeline") or {}
    bound: float = use.get("interval_bound_cycles", 0.0)
    return {
        **case,
        "found": system is not None,
        "worked": use.get("own_cores", 0),
        "interval": use.get("interval_cycles", 0.0),
        "bound": bound,
        "bound_by": use.get("interval_bound_by", ""),
        "own_bound": use.get("own_bound_cycles") or bound,
        "latency": of.get("latency_cycles", 0.0),
        "clock_mhz": of.get("clock_mhz", 0.0),
        "energy_pj": _sum(of.get("energy", {})),
        "events_pj": _sum(of.get("events", {}).get("energy", {})),
        "setup_bits": use.get("setup_bits", 0),
        "cpu": cpu,
    }


def _sum(parts: dict[str, float]) -> float:
    """The dynamic parts."""
    return sum(pj for name, pj in parts.items() if name != "static_pj")


def tables(lines: Sequence[ChipLine]) -> dict[str, str]:
    """Each case at its last measurement."""
    last = {(line["network"], line["cores"], line["system"]): line for line in lines}
    head = ["network", "cores of", "work", "frames/s", "interval, cycles", "bound on all", "times", "bound on those"]
    head += ["times", "energy a frame", "with events", "weights that stay"]
    return {"chip": table(head, [_row(line) for line in last.values() if line["found"]])}


def _row(line: ChipLine) -> list[str]:
    interval = line["interval"]
    return [
        *(line["network"], line["system"], f"{line['worked']}", f"{line['clock_mhz'] * 1e6 / interval:,.0f}"),
        *(f"{interval:,.0f}", f"{line['bound']:,.0f}", f"{interval / line['bound']:.2f}"),
        *(f"{line['own_bound']:,.0f}", f"{interval / line['own_bound']:.2f}"),
        *(_micro_joules(line["energy_pj"]), _micro_joules(line["events_pj"]), f"{line['setup_bits'] / 1e6:.1f} Mbit"),
    ]


def _micro_joules(pj: float) -> str:
    return f"{pj / 1e6:,.1f} µJ"


def cases(given: Namespace) -> Iterable[ChipCase]:
    for network in given.network:
        for cores in given.cores:
            yield {"network": network, "system": given.system, "cores": cores, "lpf_limit": given.lpf_limit}


def main(arguments: Sequence[str]) -> int:
    parser = options("chip", __doc__)
    parser.add_argument("--network", nargs="+", default=["lenet5", "resnet18", "tiny_yolov2"])
    parser.add_argument("--system", default="seneca_16x16")
    parser.add_argument("--cores", nargs="+", choices=ON, default=list(ON))
    parser.add_argument("--lpf-limit", type=int, default=4)
    return Benchmark("chip", "seneca.md", cases, measured, tables, lambda line: not line["found"]).main(
        parser, arguments
    )
