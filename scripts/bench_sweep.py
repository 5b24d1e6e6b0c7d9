"""A sweep against as many single evaluations: `python scripts/bench_sweep.py [--model M ...] [--table]`.

3 models on 24 accelerators as one `onnx2zz sweep`, then as 72 `onnx2zz evaluate`, each a process of its own without a
cache, one after the other on this machine: wall and CPU time (imports and all child processes included). The energy and
latency of all 72 must be equal.

The result is a line of docs/measured/sweep.jsonl; `--table` measures nothing and writes the table of docs/sweep.md.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.measurements import MEASURED, keep, measured, put_into_page, table
from scripts.processes import ONNX2ZZ, Took, adopt_orphans, timed

MODELS = ("lenet5", "resnet18", "light_squeezenet")
FILE = MEASURED / "sweep.jsonl"
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


def paths(names: list[str]) -> list[str]:
    """The models' files: those of onnx have no short name."""
    from onnx2zz.zoo.models import chosen_models

    return [str(model.path) for model in chosen_models(names)]


def swept(models: list[str], folder: Path) -> Took:
    spec = {"models": models, "accelerators": [CORES]}
    (folder / "sweep.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    command = [*ONNX2ZZ, "sweep", f"{folder}/sweep.yaml", "-o", f"{folder}/out", "--cache", f"{folder}/cache"]
    return timed(command, folder / "sweep.txt")


def single(model: str, accelerator: str, folder: Path) -> tuple[Took, dict[str, float]]:
    """What one evaluation takes, and its total."""
    files = ["--arch", f"{folder}/out/accelerators/{accelerator}.yaml"]
    files += ["--mapping", f"{folder}/out/accelerators/{accelerator}.mapping.yaml", "-o", f"{folder}/single"]
    took = timed([*ONNX2ZZ, "evaluate", model, *files, "--no-cache"], folder / "single.txt")
    return took, json.loads((folder / "single" / "result.json").read_text())["total"]


def compare(names: list[str], folder: Path) -> dict[str, Any]:
    """The figures of the whole comparison."""
    files = {Path(path).stem: path for path in paths(names)}
    load = os.getloadavg()[0]
    sweep = swept(list(files.values()), folder)
    with (folder / "out" / "runs.csv").open() as rows:
        runs = list(csv.DictReader(rows))
    wall = cpu = difference = 0.0
    for number, row in enumerate(runs, start=1):
        took, total = single(files[row["model"]], row["accelerator"], folder)
        wall, cpu = wall + took.wall, cpu + took.cpu
        for name in ("energy_pj", "latency_cycles"):
            difference = max(difference, abs(float(row[name]) - total[name]))
        print(f"{number}/{len(runs)} {took.wall:.1f} s", file=sys.stderr, flush=True)
    told = (folder / "sweep.txt").read_text().splitlines()[-1].split()
    return {
        "models": names,
        "runs": len(runs),
        "priced": int(told[1].replace(",", "")),
        "wanted": int(told[5].replace(",", "")),
        "sweep": asdict(sweep),
        "single": {"wall": wall, "cpu": cpu},
        "difference": difference,
        "load": [load, os.getloadavg()[0]],
    }


def as_row(line: dict[str, Any]) -> list[str]:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=list(MODELS))
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if not given.table:
        adopt_orphans()
        with tempfile.TemporaryDirectory() as folder:
            line = compare(given.model, Path(folder))
        print(json.dumps(line))
        keep(line, FILE)
    head = ("sweep", "layers of runs", "priced", "single, wall", "sweep, wall", "wall", "CPU", "difference")
    put_into_page("sweep.md", "speed", table(head, [as_row(line) for line in measured(FILE)]))


if __name__ == "__main__":
    main()
