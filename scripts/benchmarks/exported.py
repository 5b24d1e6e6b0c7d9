"""Networks as torch exports them today: nodes, layers, MACs beside torch's own count, and what compiling takes.

`scripts.networks.exported FOLDER` writes the files, in an environment with torch; here each is compiled, in a process
of its own, against one that loads it and infers its shapes; CPU time, imports included.
"""

import json
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from onnx2zz.compiler import compile_model
from onnx2zz.formats.workload_entry import layer_kind
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.processes import ONNX2ZZ, timed
from scripts.doc_table import table
from scripts.networks.exported import COUNTS

INFER = """
import sys, onnx
onnx.shape_inference.infer_shapes(onnx.load(sys.argv[1], load_external_data=False), data_prop=True)
"""


class ExportedCase(TypedDict):
    """A file by its stem."""

    model: str


class ExportedLine(ExportedCase):
    """What it is compiled to, what torch counts, and the CPU time of a compile over that of loading and inferring."""

    nodes: int
    layers: int
    distinct: int
    macs: int
    torch_macs: int
    incomplete: bool
    ratio: float


class _Folder:
    """The files in a folder, with what torch counts of them."""

    def __init__(self) -> None:
        self._path = Path()
        self._counts: dict[str, int] = {}

    def cases(self, given: Namespace) -> Iterator[ExportedCase]:
        self._path = given.folder
        self._counts = json.loads((self._path / COUNTS).read_text(encoding="utf-8"))
        for name in self._counts:
            yield {"model": name}

    def measured(self, case: ExportedCase) -> ExportedLine:
        name = case["model"]
        path = self._path / f"{name}.onnx"
        compiled = compile_model(path)
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder, "log.txt")
            ours = timed([*ONNX2ZZ, "compile", str(path), "-o", folder], log)["cpu"]
            theirs = timed([sys.executable, "-c", INFER, str(path)], log)["cpu"]
        return {
            "model": name,
            "nodes": len(compiled.coverage["nodes"]),
            "layers": len(compiled.entries),
            "distinct": len({layer_kind(entry) for entry in compiled.entries}),
            "macs": compiled.workload.macs,
            "torch_macs": self._counts[name],
            "incomplete": compiled.workload.incomplete,
            "ratio": round(ours / theirs, 2),
        }


def tables(lines: Iterable[ExportedLine]) -> dict[str, str]:
    """The newest line of each model."""
    newest = {line["model"]: line for line in lines}
    head = ("model", "nodes", "layers", "distinct", "MACs", "torch counts", "CPU")
    return {"exported": table(head, [_row(line) for line in newest.values()])}


def _row(line: ExportedLine) -> list[str]:
    counts = [f"{line[key]:,}" for key in ("nodes", "layers", "distinct", "macs")]
    same = "the same" if line["torch_macs"] == line["macs"] else f"{line['torch_macs']:,}"
    return [line["model"], *counts, same + (" (incomplete)" if line["incomplete"] else ""), f"{line['ratio']:.1f}x"]


def main(arguments: Sequence[str]) -> int:
    parser = options("exported", __doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("exported"))
    folder = _Folder()
    return Benchmark("exported", "howto/pytorch.md", folder.cases, folder.measured, tables).main(parser, arguments)
