"""How compiling grows with the graph.

Chains of each kind (scripts/networks/chains.py) of N/8 and of N nodes, each read from a file, compiled with
`--unsupported host` and written. CPU time of one process that has compiled before, so that start-up is no part of it,
the least of a few runs. Exit code 1 if a kind takes more than MOST times as long.
"""

import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypedDict

import onnx

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.lowering.options import LoweringOptions
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.cpu_time import least_seconds
from scripts.doc_table import table
from scripts.networks.chains import CHAINS

TIMES = 8
MOST = 12
OPTIONS = CompileOptions(lowering=LoweringOptions(unsupported="host"))


class GrowthCase(TypedDict):
    """A kind of chain, and how many nodes the longer one has."""

    kind: str
    nodes: int


class GrowthLine(GrowthCase):
    """CPU seconds of both chains."""

    small: float
    large: float


def compiling(model: onnx.ModelProto, folder: Path) -> Callable[[], None]:
    """Compiles the model from a file and writes what it gives."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return lambda: compile_model(path, OPTIONS).write(folder)


def growth(case: GrowthCase) -> GrowthLine:
    """CPU seconds of a chain of `nodes` nodes and of one of an eighth."""
    taken: list[float] = []
    nodes = case["nodes"]
    with tempfile.TemporaryDirectory() as folder:
        for length, runs in ((nodes // TIMES // TIMES, 1), (nodes // TIMES, 3), (nodes, 2)):
            taken.append(least_seconds(compiling(CHAINS[case["kind"]](length), Path(folder)), runs))
    return {**case, "small": round(taken[1], 3), "large": round(taken[2], 3)}


def times(line: GrowthLine) -> float:
    """How many times as long the large chain takes."""
    return line["large"] / max(line["small"], 1e-3)


def tables(lines: Sequence[GrowthLine]) -> dict[str, str]:
    """The latest line of each kind."""
    latest = {line["kind"]: line for line in lines}
    rows = [
        [kind, f"{line['nodes']:,}", f"{line['small']:,}", f"{line['large']:,}", f"{times(line):.1f}"]
        for kind, line in latest.items()
    ]
    return {"growth": table(("chain", "nodes", "s, an eighth", "s, all", "times"), rows)}


def cases(given: Namespace) -> Iterable[GrowthCase]:
    return [{"kind": kind, "nodes": given.nodes} for kind in given.kind]


def main(arguments: Sequence[str]) -> int:
    parser = options("growth", __doc__)
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--kind", nargs="+", default=list(CHAINS))
    benchmark = Benchmark("growth", "reliability.md", cases, growth, tables, lambda line: times(line) > MOST)
    return benchmark.main(parser, arguments)
