"""How fast a model is compiled, against what onnx and yaml alone take.

Over the models inside the wheels of onnx and zigzag-dse, and the folder ../shared/models where it is there, in one
process: compiling (nothing written) against loading the file and inferring its shapes, and writing workload.yaml and
coverage.json against dumping the same entries as YAML. Then the time a node of a transformer of 3,000 and of 30,000
nodes, and the memory that weights add. CPU time, the least of a few runs.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import numpy as np
import onnx
import yaml

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.frontend.binding import Bindings
from scripts.benchmarks.benchmark import options
from scripts.benchmarks.cpu_time import least_seconds
from scripts.measurements import ROOT
from scripts.networks.builder import Network
from scripts.networks.vit_small import TOKENS, WIDTH, block
from tests.model_files import read_model

SHARED = ROOT.parent / "shared" / "models"
COMPILE = """
import re, sys
from pathlib import Path
from onnx2zz.compiler import compile_model
compile_model(Path(sys.argv[1]))
print(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""  # Linux: getrusage would count what the parent held before exec


class Known(TypedDict):
    """What is known of a model beside the checkout."""

    dims_bound: dict[str, list[int]]


def models() -> Iterator[tuple[Path, CompileOptions]]:
    """The files, and what is to be said about their inputs."""
    for path in [*_inside("onnx", "backend/test/data/light"), *_inside("zigzag", "inputs/workload")]:
        yield path, CompileOptions()
    truth: dict[str, Known] = json.loads((SHARED / "truth.json").read_text()) if SHARED.is_dir() else {}
    for name, known in truth.items():
        shapes = {tensor: tuple(shape) for tensor, shape in known["dims_bound"].items()}
        yield SHARED / f"{name}.onnx", CompileOptions(Bindings(shapes=shapes))


def _inside(package: str, folder: str) -> list[Path]:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None, f"{package} is a dependency"
    return sorted((Path(spec.origin).parent / folder).glob("*.onnx"))


def infer(path: Path) -> None:
    """What any tool has to do first."""
    onnx.shape_inference.infer_shapes(read_model(path), data_prop=True)


def compare_compiling() -> None:
    first = ours = theirs = 0.0
    for path, known in models():
        once = least_seconds(lambda p=path, o=known: compile_model(p, o), 1)
        a, b = least_seconds(lambda p=path, o=known: compile_model(p, o)), least_seconds(lambda p=path: infer(p))
        print(f"  {path.stem:40} {once:8.3f} s  {a:8.3f} s  {b:8.3f} s  {a / b:6.1f}")
        first, ours, theirs = first + once, ours + a, theirs + b
    print(f"compile / (load + infer shapes): {ours:.2f} s / {theirs:.2f} s = {ours / theirs:.1f} (aim: 15)")
    print(f"  the first time, imports and shapes never seen before included: {first / theirs:.1f}")


def compare_writing() -> None:
    ours = theirs = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for path, known in models():
            compiled = compile_model(path, known)
            entries = list(compiled.entries)
            ours += least_seconds(lambda c=compiled: c.write(Path(folder)))
            theirs += least_seconds(lambda e=entries: yaml.dump(e, Dumper=yaml.CSafeDumper))
    print(f"write / dump: {ours:.2f} s / {theirs:.2f} s = {ours / theirs:.2f} (aim: 1.5)")


def transformer(nodes: int) -> onnx.ModelProto:
    """Blocks of ViT-S, about as many nodes as wanted."""
    net = Network("transformer", opset=20)
    x = net.input("x", 1, TOKENS, WIDTH)
    while len(net.nodes) < nodes:
        x = block(net, x, f"block{len(net.nodes)}")
    net.output(x)
    return net.model()


def compare_sizes() -> None:
    per_node: dict[int, float] = {}
    for wanted in (3_000, 30_000):
        model = transformer(wanted)
        per_node[wanted] = least_seconds(lambda m=model: compile_model(m), 2) / len(model.graph.node)
        print(f"  {len(model.graph.node)} nodes: {per_node[wanted] * 1e6:.0f} us a node")
    print(f"time a node, 30,000 to 3,000: {per_node[30_000] / per_node[3_000]:.2f} (aim: 1.3)")


def perceptron(layers: int, width: int, *, weights: bool) -> onnx.ModelProto:
    """Fully connected layers, their weights stored in the file or left out (as external data that is not there)."""
    values = np.ones((width, width), np.float32)
    initializers: list[onnx.TensorProto] = []
    for index in range(layers):
        tensor = onnx.TensorProto(name=f"w{index}", dims=[width, width], data_type=onnx.TensorProto.FLOAT)
        if weights:
            tensor.raw_data = values.tobytes()
        else:
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="absent.bin")
        initializers.append(tensor)
    nodes = [onnx.helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"]) for i in range(layers)]
    x = onnx.helper.make_tensor_value_info("x0", onnx.TensorProto.FLOAT, [1, width])
    y = onnx.helper.make_tensor_value_info(f"x{layers}", onnx.TensorProto.FLOAT, [1, width])
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "perceptron", [x], [y], initializers))


def peak(model: onnx.ModelProto, folder: Path) -> int:
    """Most memory of a process that compiles a model, in MB."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    run = subprocess.run([sys.executable, "-c", COMPILE, str(path)], capture_output=True, text=True, check=True)
    return int(run.stdout) // 1024


def compare_memory() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with_weights, without = (peak(perceptron(16, 2048, weights=weights), Path(folder)) for weights in (True, False))
    print(f"peak memory with 256 MB of weights {with_weights} MB, without {without} MB (aim: equal)")


def main(arguments: Sequence[str]) -> int:
    options("compile", __doc__).parse_args(arguments)
    for compare in (compare_compiling, compare_writing, compare_sizes, compare_memory):
        compare()
    return 0
