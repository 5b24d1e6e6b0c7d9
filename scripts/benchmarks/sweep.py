"""A sweep against as many single evaluations.

3 models on 24 accelerators as one `onnx2zz sweep`, then as 72 `onnx2zz evaluate`, each a process of its own without a
cache, one after the other on this machine: wall and CPU time (imports and all child processes included). The energy and
latency of all 72 must be equal.
"""

import csv
import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

import yaml

from onnx2zz.zoo.models import chosen_models
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.processes import ONNX2ZZ, Took, timed
from scripts.doc_table import table

MODELS = ("lenet5", "resnet18", "light_squeezenet")
CORES = {
    "template": "seneca",
    "name": "core",
    "parameters": {
        "npes": {"from": 8, "to": 32, "times": 2},
        "sram_kib": {"from": 128, "to": 1024, "times": 2},
        "technology": {"gf22": {"energy": 1}, "n7": {"energy": 0.4}},
    },
    "set": {
        "operational_array.sizes.D1": "npes",
        "operational_array.unit_energy": "old * technology.energy",
        "memories.*.r_cost": "old * technology.energy",
        "memories.*.w_cost": "old * technology.energy",
        "memories.data_memory.size": "sram_kib * 8192",
        "memories.data_memory.ports.*.bandwidth_max": "16 * npes",
        "memories.event_register.size": "16 * npes",
        "memories.event_register.ports.*.bandwidth_max": "16 * npes",
    },
}


class SweepCase(TypedDict):
    """The models that are swept."""

    models: list[str]


class Singles(TypedDict):
    """What all single evaluations take, in seconds."""

    wall: float
    cpu: float


class Total(TypedDict):
    """What one evaluation says of a whole network."""

    energy_pj: float
    latency_cycles: float


class SweepLine(SweepCase):
    """`wanted` layers of `runs` evaluations, of which the sweep `priced` the distinct ones; `load` is the machine's
    before and after."""

    runs: int
    priced: int
    wanted: int
    sweep: Took
    single: Singles
    difference: float
    load: list[float]


def swept(models: Sequence[str], folder: Path) -> Took:
    spec = {"models": list(models), "accelerators": [CORES]}
    (folder / "sweep.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    command = [*ONNX2ZZ, "sweep", f"{folder}/sweep.yaml", "-o", f"{folder}/out", "--cache", f"{folder}/cache"]
    return timed(command, folder / "sweep.txt")


def single(model: str, accelerator: str, folder: Path) -> tuple[Took, Total]:
    """What one evaluation takes, and its total."""
    files = ["--arch", f"{folder}/out/accelerators/{accelerator}.yaml"]
    files += ["--mapping", f"{folder}/out/accelerators/{accelerator}.mapping.yaml", "-o", f"{folder}/single"]
    took = timed([*ONNX2ZZ, "evaluate", model, *files, "--no-cache"], folder / "single.txt")
    return took, json.loads((folder / "single" / "result.json").read_text())["total"]


def compare(case: SweepCase, folder: Path) -> SweepLine:
    """The figures of the whole comparison."""
    files = {model.path.stem: str(model.path) for model in chosen_models(case["models"])}
    load = os.getloadavg()[0]
    sweep = swept(list(files.values()), folder)
    with (folder / "out" / "runs.csv").open() as rows:
        runs = list(csv.DictReader(rows))
    wall = cpu = difference = 0.0
    for number, row in enumerate(runs, start=1):
        took, total = single(files[row["model"]], row["accelerator"], folder)
        wall, cpu = wall + took["wall"], cpu + took["cpu"]
        for got, wanted in ((row["energy_pj"], total["energy_pj"]), (row["latency_cycles"], total["latency_cycles"])):
            difference = max(difference, abs(float(got) - wanted))
        print(f"{number}/{len(runs)} {took['wall']:.1f} s", file=sys.stderr, flush=True)
    last_words = (folder / "sweep.txt").read_text().splitlines()[-1].split()
    return {
        **case,
        "runs": len(runs),
        "priced": int(last_words[1].replace(",", "")),
        "wanted": int(last_words[5].replace(",", "")),
        "sweep": sweep,
        "single": {"wall": wall, "cpu": cpu},
        "difference": difference,
        "load": [load, os.getloadavg()[0]],
    }


def measured(case: SweepCase) -> SweepLine:
    with tempfile.TemporaryDirectory() as folder:
        return compare(case, Path(folder))


def as_row(line: SweepLine) -> list[str]:
    """A line of the table."""
    one, many = line["sweep"], line["single"]
    return [
        f"{', '.join(line['models'])} ({line['runs']} runs)",
        f"{line['wanted']:,}",
        f"{line['priced']:,}",
        f"{many['wall']:,.0f} s",
        f"{one['wall']:,.0f} s",
        f"{many['wall'] / one['wall']:.1f}x",
        f"{many['cpu'] / one['cpu']:.1f}x",
        f"{line['difference']}",
    ]


def tables(lines: Sequence[SweepLine]) -> dict[str, str]:
    head = ("sweep", "layers of runs", "priced", "single, wall", "sweep, wall", "wall", "CPU", "difference")
    return {"speed": table(head, [as_row(line) for line in lines])}


def cases(given: Namespace) -> Iterable[SweepCase]:
    return [{"models": list(given.model)}]


def main(arguments: Sequence[str]) -> int:
    parser = options("sweep", __doc__)
    parser.add_argument("--model", nargs="+", default=MODELS)
    return Benchmark("sweep", "sweep.md", cases, measured, tables).main(parser, arguments)
