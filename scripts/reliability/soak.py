"""A thousand compiles and two hundred evaluations in one process: memory over time, and bytes that must not change.

    python -m scripts.reliability.soak --keep

Every other input is a model that ships, whose outputs must be the same bytes each time; the others are networks of
sizes that did not occur before, so that nothing can hide in what is remembered. Linux only.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from onnx import TensorProto, helper

from onnx2zz.cli.main import run
from scripts.measurements import MEASURED, Measurements
from tests.model_files import save_model

COMPILED = ("lenet5", "bert_layer", "tiny_yolov2", "vit_small", "yolov3_tiny", "yolov8n")
ACCELERATORS = ("tpu_like", "edge_tpu_like", "eyeriss_like")
SAMPLES = 40
GROWTH_MB = 3.0
"""More between the second quarter of a soak and its last is a leak."""


@dataclass(frozen=True)
class Soaked:
    """`curve`: MB that the process takes, at equal distances. `growth_mb`: the highest of its last quarter over the
    highest of its second. `different`: outputs that were not the bytes of the first time."""

    what: str
    times: int
    curve: tuple[float, ...]
    growth_mb: float
    different: int

    @property
    def fine(self) -> bool:
        return self.growth_mb <= GROWTH_MB and not self.different

    @property
    def line(self) -> "SoakedLine":
        return {
            "what": self.what,
            "times": self.times,
            "curve": list(self.curve),
            "growth_mb": self.growth_mb,
            "different": self.different,
        }


class SoakedLine(TypedDict):
    """A Soaked as JSON has it."""

    what: str
    times: int
    curve: list[float]
    growth_mb: float
    different: int


MEASUREMENTS: Measurements[SoakedLine] = Measurements(MEASURED / "soak.jsonl")


def memory_mb() -> float:
    """The memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def network(sizes: random.Random, path: Path) -> str:
    """Writes a small network of sizes, names and weights that did not occur before."""
    name, channels = f"n{sizes.getrandbits(64):x}", [sizes.randint(1, 99) for _ in range(4)]
    x = helper.make_tensor_value_info(f"{name}_0", TensorProto.FLOAT, [1, channels[0], sizes.randint(9, 40), 17])
    y = helper.make_tensor_value_info(f"{name}_3", TensorProto.FLOAT, None)
    weights = [helper.make_tensor_value_info(f"w{n}", 1, [channels[n + 1], channels[n], 3, 2]) for n in range(3)]
    convs = [helper.make_node("Conv", [f"{name}_{n}", f"w{n}"], [f"{name}_{n + 1}"], f"{name}c{n}") for n in range(3)]
    graph = helper.make_graph(convs, name, [x, *weights], [y])
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return str(path)


def soak(what: str, times: int, command: Callable[[int], list[str]], output: Path) -> Soaked:
    """Run `command(n)` for each n below `times`; what a command has left before, it must leave again."""
    curve: list[float] = []
    first: dict[tuple[str, ...], str] = {}
    different = 0
    for number in range(times):
        arguments = command(number)
        code = run(arguments)
        if code:
            raise SystemExit(f"{' '.join(arguments)} ends with {code}")
        if "net.onnx" not in arguments[1]:
            digest = outputs_digest(output)
            different += first.setdefault(tuple(arguments), digest) != digest
        if number % max(1, times // SAMPLES) == 0:
            curve.append(memory_mb())
    quarter = max(1, len(curve) // 4)
    growth = max(curve[-quarter:]) - max(curve[quarter : 2 * quarter])
    return Soaked(what, times, tuple(curve), round(growth, 1), different)


def outputs_digest(folder: Path) -> str:
    """Of all that a command leaves but ZigZag's log."""
    files = sorted(path for path in folder.iterdir() if path.suffix != ".log")
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def soaks(compiles: int, evaluations: int, folder: Path) -> Sequence[Soaked]:
    """Both kinds, in this process."""
    sizes, output = random.Random(0), folder / "out"
    own = folder / "net.onnx"

    def compiling(number: int) -> list[str]:
        model = network(sizes, own) if number % 2 else COMPILED[number // 2 % len(COMPILED)]
        return ["compile", model, "-o", str(output)]

    def evaluating(number: int) -> list[str]:
        model = network(sizes, own) if number % 2 else "lenet5"
        accelerator = ACCELERATORS[number // 2 % len(ACCELERATORS)]
        return ["evaluate", model, "--arch", accelerator, "--lpf-limit", "3", "--no-cache", "-o", str(output)]

    kinds = (("compile", compiles, compiling), ("evaluate", evaluations, evaluating))
    return [soak(*kind, output) for kind in kinds]


def main() -> None:
    """Exit code 1 if memory grows or an output changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiles", type=int, default=1000)
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="add the figures to docs/measured")
    asked = parser.parse_args()
    said, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115, PTH123 - tables of the commands
    with tempfile.TemporaryDirectory() as folder:
        found = soaks(asked.compiles, asked.evaluations, Path(folder))
    for one in found:
        print(json.dumps(one.line), file=said)
        if asked.keep:
            MEASUREMENTS.keep(one.line)
    sys.exit(not all(one.fine for one in found))


if __name__ == "__main__":
    main()
