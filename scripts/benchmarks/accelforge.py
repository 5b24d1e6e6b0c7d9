"""How much `--mapping optimal` moves through the main memory, beside AccelForge's optimum.

Both get a main memory, one buffer for all operands and an array of units, 8 bit for every value, and one layer. A value
that passes the main memory costs 1, all else nothing: so the least energy is the least traffic, and what either charges
for reading operands from the buffer is of no matter. AccelForge is set up in an environment of its own
(`--environment`); times are CPU seconds, of AccelForge's with its imports.
"""

import json
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.optimal.search import OptimalSearch
from onnx2zz.mapping.space import read_space
from onnx2zz.zigzag.accelerator import hardware, hierarchy
from onnx2zz.zigzag.layer_price import PriceOptions
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.own_environment import OwnEnvironment, own_environment
from scripts.benchmarks.processes import timed
from scripts.doc_table import table
from tests.small_workloads import conv, gemm
from tests.zigzag.search.hardware import MadeUpMemory, made_up

REQUIREMENTS = ("accelforge==1.0.467",)
RUN = Path(__file__).with_name("accelforge_run.py")
UNITS = (8, 4)
OPERANDS = ("I1", "I2", "O")
LINKS = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})
PRECISION = {"W": 8, "I": 8, "O": 8, "O_final": 8}


@dataclass(frozen=True)
class Layer:
    """A layer as both say it: our entry; the ranks that AccelForge has of it, and what indexes each tensor."""

    entry: WorkloadEntry
    ranks: Mapping[str, int]
    projections: Mapping[str, str]


def product_of(m: int, k: int, n: int) -> Layer:
    """(m, k) x (k, n)."""
    projections = {"I": "[m, k]", "W": "[k, n]", "O": "[m, n]"}
    return Layer(gemm(0, None, "gemm", b=m, c=k, k=n), {"m": m, "k": k, "n": n}, projections)


def convolution(k: int, c: int, p: int, q: int, r: int, s: int, stride: int = 1) -> Layer:
    """k filters of r x s over c channels, p x q results of each."""
    entry = conv(0, None, "conv", k=k, c=c, oy=p, ox=q, fy=r, fx=s, stride=(stride, stride))
    projections = {"I": f"{{C: c, H: {stride}*p + r, W: {stride}*q + s}}", "W": "[k, c, r, s]", "O": "[k, p, q]"}
    return Layer(entry, {"k": k, "c": c, "p": p, "q": q, "r": r, "s": s}, projections)


LAYERS: Mapping[str, Layer] = {
    "product 48x64x96": product_of(48, 64, 96),
    "product 128x768x768": product_of(128, 768, 768),
    "convolution 4x4 / 4, 3 to 96 channels, 14x10": convolution(96, 3, 14, 10, 4, 4, 4),
    "convolution 3x3, 10 to 12 channels, 14x15": convolution(12, 10, 14, 15, 3, 3),
}
BUFFERS = (1024, 4096)
"""Bytes."""


class AccelforgeCase(TypedDict):
    """One of LAYERS under a buffer of so many bytes."""

    layer: str
    buffer: int


class AccelforgeLine(AccelforgeCase):
    """Values that pass the main memory: AccelForge's by tensor, ours, and what no mapping of our space is below."""

    crossing: dict[str, dict[str, float]]
    ours: float
    bound: float
    versions: dict[str, str]
    accelforge_s: float
    ours_s: float


class Comparison:
    """The environment of AccelForge, as soon as the command line is known."""

    environment: OwnEnvironment | None = None

    def cases(self, given: Namespace) -> Iterable[AccelforgeCase]:
        """Sets AccelForge up."""
        folder = given.environment or Path(tempfile.gettempdir(), "onnx2zz-accelforge")
        self.environment = own_environment(folder, REQUIREMENTS)
        for layer in given.layer:
            for buffer in given.buffer:
                yield {"layer": layer, "buffer": buffer}

    def measure(self, case: AccelforgeCase) -> AccelforgeLine:
        """Runs both, one after the other."""
        assert self.environment is not None
        layer = LAYERS[case["layer"]]
        with tempfile.TemporaryDirectory() as name:
            asked, found = Path(name, "case.json"), Path(name, "result.json")
            told = {"buffer": case["buffer"], "units": UNITS, "ranks": layer.ranks, "projections": layer.projections}
            asked.write_text(json.dumps(told))
            took = timed(self.environment.command(RUN, asked, found), Path(name, "log"))
            said = json.loads(found.read_text())
        start = time.process_time()
        price, bound = least_traffic(layer.entry, case["buffer"])
        ours_s = round(time.process_time() - start, 2)
        return {
            **case,
            "crossing": said["crossing"],
            "ours": price,
            "bound": bound,
            "versions": said["versions"],
            "accelforge_s": round(took["cpu"], 2),
            "ours_s": ours_s,
        }


def least_traffic(entry: WorkloadEntry, buffer: int, units: Sequence[int] = UNITS) -> tuple[float, float]:
    """Values that pass the main memory, and what no mapping is below; `buffer`: bytes."""
    array = tuple(f"D{place + 1}" for place in range(len(units)))
    memories = [
        MadeUpMemory(OPERANDS, 8 * buffer, ((8, 8 * 256),), array, 0.0, 0.0),
        MadeUpMemory(OPERANDS, 10**12, ((8, 8),), array, 1.0, 1.0),
    ]
    built = made_up(units, memories, unit_energy=0.0)
    terms = ChoiceTerms(built, hardware(built), hierarchy(built), None, PriceOptions(opt="energy"))
    asked: WorkloadEntry = {**entry, "operand_precision": PRECISION}
    found = OptimalSearch(asked, LINKS, read_space(asked, LINKS, terms.hardware.array), terms, ()).run().certificate
    return found.price, found.bound


def theirs(line: AccelforgeLine) -> float:
    return sum(sum(ways.values()) for ways in line["crossing"].values())


def falls_short(line: AccelforgeLine) -> bool:
    """Whether ours moves more."""
    return line["ours"] > theirs(line)


def tables(lines: Sequence[AccelforgeLine]) -> Mapping[str, str]:
    """Each case at its last measurement."""
    last = {(line["layer"], line["buffer"]): line for line in lines}
    head = [
        "layer",
        "buffer",
        "AccelForge, bytes",
        "CPU",
        "onnx2zz, bytes",
        "proven least",
        "CPU",
        "onnx2zz / AccelForge",
    ]
    return {"accelforge": table(head, [_row(line) for line in last.values()])}


def _row(line: AccelforgeLine) -> list[str]:
    row = [line["layer"], f"{line['buffer']:,} B", f"{theirs(line):,.0f}", f"{line['accelforge_s']:.1f} s"]
    ratio = f"{line['ours'] / theirs(line):.4f}"
    return [*row, f"{line['ours']:,.0f}", f"{line['bound']:,.0f}", f"{line['ours_s']:.1f} s", ratio]


def main(arguments: Sequence[str]) -> int:
    parser = options("accelforge", __doc__)
    parser.add_argument("--layer", nargs="+", default=tuple(LAYERS), choices=tuple(LAYERS))
    parser.add_argument("--buffer", nargs="+", type=int, default=BUFFERS, metavar="BYTES")
    parser.add_argument("--environment", type=Path, metavar="FOLDER", help="where AccelForge is, or is set up")
    comparison = Comparison()
    benchmark = Benchmark("accelforge", "optimal.md", comparison.cases, comparison.measure, tables, falls_short)
    return benchmark.main(parser, arguments)
