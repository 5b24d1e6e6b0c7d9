"""How fast evaluating is, against ZigZag alone.

Stock ZigZag's API and `onnx2zz evaluate` on the same workload.yaml and mapping.yaml, each in processes of their own, in
one run on this machine: wall and CPU time (imports and all child processes included), cold with one and two workers and
warm (medians of three), and for each objective the largest difference in energy and latency over all layers, which must
be 0.0. Stock runs once, for the objective asked; what it would have kept for the others is known from the same run
(stock_zigzag.py).
"""

import json
import os
import statistics
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from onnx2zz.formats.shipped_files import find_accelerator
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.evaluate_tables import EvaluateCase, EvaluateLine, tables
from scripts.benchmarks.networks import ACCELERATORS, NETWORKS, compile_into
from scripts.benchmarks.processes import ONNX2ZZ, FailedError, Took, timed

OBJECTIVES = ("latency", "energy", "EDP")
REPEATS = 3
Prices = dict[str, tuple[float, float]]
"""Layer id -> its energy in pJ and its latency in cycles."""


@dataclass(frozen=True)
class Bench:
    """A case, and the folder that it is compiled into."""

    case: EvaluateCase
    folder: Path

    def stock(self) -> Took:
        files = [self.folder / "workload.yaml", find_accelerator(self.case["arch"]).path, self.folder / "mapping.yaml"]
        asked = [self.case["opt"], self.case["lpf_limit"], self.case["locality"], self.folder]
        script = [sys.executable, "-m", "scripts.benchmarks.stock_zigzag", *files, *asked]
        return timed(list(map(str, script)), self.folder / "stock.txt")

    def ours(self, opt: str, *run_options: str) -> Took:
        files = [str(self.folder / "workload.yaml"), "--mapping", str(self.folder / "mapping.yaml")]
        asked = ["--arch", self.case["arch"], "--opt", opt, "--lpf-limit", str(self.case["lpf_limit"])]
        locality = ["--exploit-data-locality"] if self.case["locality"] else []
        command = [*ONNX2ZZ, "evaluate", *files, *asked, *locality, "-o", str(self.folder), *run_options]
        return timed(command, self.folder / "ours.txt")

    def prices(self) -> Prices:
        """Of the last result."""
        layers = json.loads((self.folder / "result.json").read_text())["layers"]
        return {str(layer["id"]): (layer["energy_pj"], layer["latency_cycles"]) for layer in layers}

    def distinct_layers(self) -> int:
        """Of the last result."""
        return json.loads((self.folder / "result.json").read_text())["distinct_layers"]

    def difference(self, opt: str) -> float:
        """Between the last result and stock's, over the energies and latencies of all layers."""
        theirs: Prices = json.loads((self.folder / "stock.json").read_text())[opt]
        mine = self.prices()
        assert theirs.keys() == mine.keys(), "not the same layers"
        return max(abs(a - b) for layer in theirs for a, b in zip(theirs[layer], mine[layer], strict=True))


def compare(bench: Bench) -> EvaluateLine:
    """The figures of one case; with `stock_fails` instead where stock raises."""
    load, opt = os.getloadavg()[0], bench.case["opt"]
    try:
        stock = bench.stock()
    except FailedError as error:
        return {**bench.case, "stock_fails": str(error)}
    cold_1, cold_2 = (_cold(bench, jobs) for jobs in ("1", "2"))
    differences: dict[str, float] = {}
    for objective in OBJECTIVES:
        bench.ours(objective, "--cache", f"{bench.folder}/cache")
        differences[objective] = bench.difference(objective)
    warm = median(bench.ours(opt, "--cache", f"{bench.folder}/cache") for _ in range(REPEATS))
    assert bench.difference(opt) == differences[opt], "warm is not cold"
    return {
        **bench.case,
        "layers": len(bench.prices()),
        "distinct_layers": bench.distinct_layers(),
        "stock": stock,
        "cold_1": cold_1,
        "cold_2": cold_2,
        "warm": warm,
        "differences": differences,
        "load": [load, os.getloadavg()[0]],
    }


def _cold(bench: Bench, jobs: str) -> Took:
    caches = (f"{bench.folder}/cache{jobs}{again}" for again in range(REPEATS))
    return median(bench.ours(bench.case["opt"], "--jobs", jobs, "--cache", cache) for cache in caches)


def median(runs: Iterator[Took]) -> Took:
    """Of each figure."""
    took = list(runs)
    return {
        "wall": statistics.median(run["wall"] for run in took),
        "cpu": statistics.median(run["cpu"] for run in took),
        "peak_mb": statistics.median(run["peak_mb"] for run in took),
    }


def measured(case: EvaluateCase) -> EvaluateLine:
    with tempfile.TemporaryDirectory() as folder:
        compile_into(Path(folder), case["network"], case["arch"])
        return compare(Bench(case, Path(folder)))


def cases(given: Namespace) -> Iterable[EvaluateCase]:
    for network, opt, arch in product(given.network, given.opt, given.arch):
        yield {
            "network": network,
            "arch": arch,
            "opt": opt,
            "lpf_limit": given.lpf_limit,
            "locality": given.exploit_data_locality,
        }


def main(arguments: Sequence[str]) -> int:
    parser = options("evaluate", __doc__)
    parser.add_argument("--network", nargs="+", default=NETWORKS, help="names of models that ship do as well")
    parser.add_argument("--arch", nargs="+", default=ACCELERATORS)
    parser.add_argument("--opt", nargs="+", default=["latency"], choices=OBJECTIVES)
    parser.add_argument("--lpf-limit", type=int, default=6)
    parser.add_argument("--exploit-data-locality", action="store_true")
    return Benchmark("evaluate", "evaluate.md", cases, measured, tables).main(parser, arguments)
