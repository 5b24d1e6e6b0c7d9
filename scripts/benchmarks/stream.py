"""How good and how fast evaluating on a system is, beside Stream 2.1.1.

Both get the same core files, links and port, and 8 bit for every value: Stream a model retyped to int8, its default
options and the mapping that it generates; onnx2zz the model itself and its own defaults, cold and with one worker. Each
is a process of its own; CPU time has imports and all child processes in it. Stream is set up in an environment of its
own (`--environment`), of which the example systems are taken as well, unless `--systems` names a folder.
"""

import json
import os
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import product
from pathlib import Path

from onnx2zz.files.document import is_mapping
from onnx2zz.formats.shipped_files import find_model
from onnx2zz.formats.yaml_source import load_yaml
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.processes import ONNX2ZZ, FailedError, timed
from scripts.benchmarks.stream_environment import StreamEnvironment, stream_environment
from scripts.benchmarks.stream_tables import Ours, Refusal, Run, StreamCase, StreamLine, Streams, falls_short, tables
from scripts.networks.int8 import retyped_to_int8
from tests.model_files import read_model, save_model

NETWORKS = ("zigzag:resnet18",)
OPTIONS = ("--no-cache", "--jobs", "1")
LIMIT_S = 3600
FALLBACK = "Falling back to an ideal-cycle estimate"
"""What Stream 2.1.1 logs where ZigZag fails on a tile (stages/estimation/zigzag_cost_estimator.py:301)."""


@dataclass
class Comparison:
    """The environment of Stream, and where the systems of the cases lie, as soon as the command line is known."""

    environment: StreamEnvironment | None = None
    limit_s: int = LIMIT_S
    places: dict[str, Path] = field(default_factory=dict[str, Path])

    def cases(self, given: Namespace) -> Iterable[StreamCase]:
        """Sets Stream up, and looks for systems."""
        folder = given.environment or Path(tempfile.gettempdir(), "onnx2zz-stream")
        self.environment = stream_environment(folder)
        self.limit_s = given.limit
        top = given.systems or self.environment.examples
        found = {file.relative_to(top).with_suffix("").as_posix(): file for file in systems_in(top)}
        self.places = {name: file for name, file in found.items() if not given.only or name in given.only}
        for network, system in product(given.network, self.places):
            yield {"network": network, "system": system}

    def measure(self, case: StreamCase) -> StreamLine:
        """Runs both, one after the other."""
        assert self.environment is not None
        before = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as folder:
            theirs = self._stream(case, self.environment, Path(folder))
            mine = ours(case["network"], self.places[case["system"]], Path(folder))
        versions = {"onnx2zz": version("onnx2zz"), "zigzag-dse": version("zigzag-dse")}
        run: Run = {"versions": versions, "options": list(OPTIONS), "load": [before, os.getloadavg()[0]]}
        return {**case, "stream": theirs, "ours": mine, "run": run}

    def _stream(self, case: StreamCase, environment: StreamEnvironment, folder: Path) -> Streams | Refusal:
        model, log = folder / "int8.onnx", folder / "stream.log"
        save_model(retyped_to_int8(read_model(find_model(case["network"]).path)), model)
        command = environment.command(self.places[case["system"]], model, folder)
        start = time.perf_counter()
        try:
            took = timed(["timeout", str(self.limit_s), *command], log)
        except FailedError as error:
            late = time.perf_counter() - start >= self.limit_s
            return {"fails": f"not done after {self.limit_s} s" if late else str(error)}
        said = json.loads((folder / "stream.json").read_text())
        return {
            "cycles": said["cycles"],
            "group_cycles": said["group_cycles"],
            "versions": said["versions"],
            "took": took,
            "not_priced": log.read_text().count(FALLBACK),
        }


def ours(network: str, system: Path, folder: Path) -> Ours | Refusal:
    """What `onnx2zz evaluate` says, and takes."""
    command = [*ONNX2ZZ, "evaluate", network, "--arch", str(system), *OPTIONS, "-o", str(folder / "ours")]
    try:
        took = timed(command, folder / "ours.log")
    except FailedError as error:
        return {"fails": str(error)}
    result = json.loads((folder / "ours" / "result.json").read_text())["system"]
    return {
        "cycles": result["latency_cycles"],
        "bound_cycles": result["bound_cycles"],
        "bound_by": result["bound_by"],
        "offchip_bits": result["offchip_bits"],
        "took": took,
    }


def systems_in(folder: Path) -> list[Path]:
    """Files that describe systems: those with cores."""
    return [file for file in sorted(folder.rglob("*.yaml")) if _is_system(file)]


def _is_system(file: Path) -> bool:
    document = load_yaml(file)
    return is_mapping(document) and "cores" in document and "core_connectivity" in document


def add_options(parser: ArgumentParser) -> None:
    """Those of this benchmark."""
    parser.add_argument("--network", nargs="+", default=NETWORKS, help="models that ship, or files")
    parser.add_argument("--systems", type=Path, metavar="FOLDER", help="systems in Stream's form; else its examples")
    parser.add_argument("--only", nargs="+", metavar="SYSTEM", help="of the systems, those of these names")
    parser.add_argument("--environment", type=Path, metavar="FOLDER", help="where Stream is, or is set up")
    parser.add_argument("--limit", type=int, default=LIMIT_S, metavar="SECONDS", help="for one run of Stream")


def main(arguments: Sequence[str]) -> int:
    parser = options("stream", __doc__)
    add_options(parser)
    comparison = Comparison()
    page = "systems-beside-stream.md"
    benchmark = Benchmark("stream", page, comparison.cases, comparison.measure, tables, falls_short)
    return benchmark.main(parser, arguments)
