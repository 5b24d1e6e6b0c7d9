"""How fast evaluating is, against ZigZag alone: `python scripts/bench_evaluate.py [MODEL [ARCH ...]]`.

Stock ZigZag's API and `onnx2zz evaluate` on the same workload.yaml and mapping.yaml, each in a process of its own, in
one run on this machine: wall and CPU time (imports and all child processes included), cold with one and two workers and
warm, and the largest difference in energy and latency over all layers, which must be 0.0. Linux only.
"""

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36

STOCK = """
import contextlib, io, json, sys
from zigzag.api import get_hardware_performance_zigzag
workload, accelerator, mapping, opt, limit, out = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    *_, sums = get_hardware_performance_zigzag(workload, accelerator, mapping, opt=opt, lpf_limit=int(limit),
        dump_folder=out + "/stock", loma_show_progress_bar=False)
numbers = {layer.id: (float(found.energy_total), float(found.latency_total2)) for found, (layer, _) in sums[0][1]}
json.dump(numbers, open(out + "/stock.json", "w"))
"""


@dataclass(frozen=True)
class Took:
    """Seconds."""

    wall: float
    cpu: float

    def times_faster_than(self, other: "Took") -> str:
        return f"{self.wall / other.wall:6.1f}x wall {self.cpu / other.cpu:6.1f}x CPU"


def timed(command: list[str], log: Path) -> Took:
    """Run `command` and all that it starts to the end."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        if process.wait():
            sys.exit(f"{' '.join(command)} failed: see {log}")
    wall = time.perf_counter() - start
    _reap_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _reap_orphans() -> None:
    """Worker processes that outlive their parent for a moment: their time counts as well."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def largest_difference(stock: Path, ours: Path) -> float:
    """Over the energies and latencies of all layers."""
    theirs = {int(layer): numbers for layer, numbers in json.loads(stock.read_text()).items()}
    mine = {
        layer["id"]: (layer["energy_pj"], layer["latency_cycles"]) for layer in json.loads(ours.read_text())["layers"]
    }
    assert theirs.keys() == mine.keys(), "not the same layers"
    return max(abs(a - b) for layer in theirs for a, b in zip(theirs[layer], mine[layer], strict=True))


def compare(model: str, arch: str, opt: str, lpf_limit: int, folder: Path) -> None:
    """Print one line of figures."""
    program = [sys.executable, "-c", "from onnx2zz.cli.main import main; main()"]
    folder.mkdir(parents=True)
    subprocess.run([*program, "compile", model, "--arch", arch, "-o", str(folder)], check=True, capture_output=True)
    workload, mapping = folder / "workload.yaml", folder / "mapping.yaml"
    from onnx2zz.shipped_files import find_accelerator

    files = [str(workload), str(find_accelerator(arch).path), str(mapping)]
    log = folder / "said.txt"
    stock = timed([sys.executable, "-c", STOCK, *files, opt, str(lpf_limit), str(folder)], log)
    evaluate = [*program, "evaluate", str(workload), "--arch", arch, "--mapping", str(mapping), "--opt", opt]
    evaluate += ["--lpf-limit", str(lpf_limit), "-o", str(folder)]
    runs, differences = {}, []
    for name, how in {
        "cold, 1 worker": ("--jobs", "1", "--cache", f"{folder}/one"),
        "cold, 2 workers": ("--jobs", "2", "--cache", f"{folder}/two"),
        "warm": ("--cache", f"{folder}/one"),
    }.items():
        runs[name] = timed([*evaluate, *how], log)
        differences.append(largest_difference(folder / "stock.json", folder / "result.json"))
    print(f"{model} on {arch}, best {opt}, lpf_limit {lpf_limit}: stock {stock.wall:.1f} s wall, {stock.cpu:.1f} s CPU")
    for name, took in runs.items():
        print(f"  {name:16} {took.wall:6.2f} s wall {took.cpu:6.2f} s CPU {stock.times_faster_than(took)}")
    print(f"  largest difference {max(differences)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="resnet18")
    parser.add_argument("arch", nargs="*", default=["tpu_like"])
    parser.add_argument("--opt", nargs="*", default=["latency"], choices=["latency", "energy", "EDP"])
    parser.add_argument("--lpf-limit", type=int, default=6)
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for arch in given.arch or ["tpu_like"]:
        for opt in given.opt:
            with tempfile.TemporaryDirectory() as folder:
                compare(given.model, arch, opt, given.lpf_limit, Path(folder) / "out")


if __name__ == "__main__":
    main()
