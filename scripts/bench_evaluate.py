"""How fast evaluating is, against ZigZag alone: `python scripts/bench_evaluate.py [--network N ...] [--arch A ...]`.

Stock ZigZag's API and `onnx2zz evaluate` on the same workload.yaml and mapping.yaml, each in processes of their own, in
one run on this machine: wall and CPU time (imports and all child processes included), cold with one and two workers and
warm (medians of three), and for each objective the largest difference in energy and latency over all layers, which must
be 0.0. Stock runs once, for the objective asked; what it would have kept for the others is known from the same run
(stock_zigzag.py).

Each case is a line of docs/measured/evaluate.jsonl (or `--into FILE`); with `--resume` the cases in it are left out.
`--table` measures nothing and writes the tables of docs/evaluate.md.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx2zz.formats.shipped_files import find_accelerator
from scripts.benchmark_networks import ACCELERATORS, NETWORKS, compile_into
from scripts.evaluation_table import write_tables
from scripts.measurements import MEASURED, ROOT, is_known, keep, measured
from scripts.processes import ONNX2ZZ, FailedError, Took, adopt_orphans, timed

OBJECTIVES = ("latency", "energy", "EDP")
REPEATS = 3


@dataclass(frozen=True)
class Case:
    """What is evaluated; `opt` is what stock ZigZag is asked for."""

    network: str
    arch: str
    opt: str
    lpf_limit: int
    locality: bool


@dataclass(frozen=True)
class Bench:
    """A case, and the folder that it is compiled into."""

    case: Case
    folder: Path

    def stock(self) -> Took:
        files = [self.folder / "workload.yaml", find_accelerator(self.case.arch).path, self.folder / "mapping.yaml"]
        asked = [self.case.opt, self.case.lpf_limit, self.case.locality, self.folder]
        script = [sys.executable, ROOT / "scripts" / "stock_zigzag.py", *files, *asked]
        return timed(list(map(str, script)), self.folder / "stock.txt")

    def ours(self, opt: str, *how: str) -> Took:
        files = [str(self.folder / "workload.yaml"), "--mapping", str(self.folder / "mapping.yaml")]
        asked = ["--arch", self.case.arch, "--opt", opt, "--lpf-limit", str(self.case.lpf_limit)]
        locality = ["--exploit-data-locality"] if self.case.locality else []
        command = [*ONNX2ZZ, "evaluate", *files, *asked, *locality, "-o", str(self.folder), *how]
        return timed(command, self.folder / "ours.txt")

    def result(self) -> dict[str, Any]:
        return json.loads((self.folder / "result.json").read_text())

    def difference(self, opt: str) -> float:
        """Between the last result and stock's, over the energies and latencies of all layers."""
        theirs = json.loads((self.folder / "stock.json").read_text())[opt]
        mine = {str(layer["id"]): (layer["energy_pj"], layer["latency_cycles"]) for layer in self.result()["layers"]}
        assert theirs.keys() == mine.keys(), "not the same layers"
        return max(abs(a - b) for layer in theirs for a, b in zip(theirs[layer], mine[layer], strict=True))


def compare(bench: Bench) -> dict[str, Any]:
    """The figures of one case; with `stock_fails` instead where stock raises."""
    load = os.getloadavg()[0]
    try:
        stock = bench.stock()
    except FailedError as error:
        return {"stock_fails": str(error)}
    runs = {"stock": asdict(stock)}
    for jobs in ("1", "2"):
        caches = (f"{bench.folder}/cache{jobs}{again}" for again in range(REPEATS))
        runs[f"cold_{jobs}"] = median(bench.ours(bench.case.opt, "--jobs", jobs, "--cache", cache) for cache in caches)
    differences = {}
    for opt in OBJECTIVES:
        bench.ours(opt, "--cache", f"{bench.folder}/cache")
        differences[opt] = bench.difference(opt)
    runs["warm"] = median(bench.ours(bench.case.opt, "--cache", f"{bench.folder}/cache") for _ in range(REPEATS))
    assert bench.difference(bench.case.opt) == differences[bench.case.opt], "warm is not cold"
    result = bench.result()
    size = {"layers": len(result["layers"]), "distinct_layers": result["distinct_layers"]}
    return size | runs | {"differences": differences, "load": [load, os.getloadavg()[0]]}


def median(runs: Iterator[Took]) -> dict[str, float]:
    """Of each figure."""
    took = [asdict(run) for run in runs]
    return {name: statistics.median(run[name] for run in took) for name in took[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", nargs="+", default=NETWORKS, help="names of models that ship do as well")
    parser.add_argument("--arch", nargs="+", default=ACCELERATORS)
    parser.add_argument("--opt", nargs="+", default=["latency"], choices=OBJECTIVES)
    parser.add_argument("--lpf-limit", type=int, default=6)
    parser.add_argument("--exploit-data-locality", action="store_true")
    parser.add_argument("--into", type=Path, default=MEASURED / "evaluate.jsonl", metavar="FILE")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        write_tables(measured(given.into))
        return
    adopt_orphans()
    for network, opt, arch in product(given.network, given.opt, given.arch):
        case = Case(network, arch, opt, given.lpf_limit, given.exploit_data_locality)
        if given.resume and is_known(asdict(case), measured(given.into)):
            continue
        with tempfile.TemporaryDirectory() as folder:
            compile_into(Path(folder), network, arch)
            line = asdict(case) | compare(Bench(case, Path(folder)))
        print(json.dumps(line), flush=True)
        keep(line, given.into)


if __name__ == "__main__":
    main()
