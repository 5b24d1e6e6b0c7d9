"""The kinds of files that are read: the command that reads one, and whole files to begin with."""

import io
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator, find_model
from onnx2zz.pricing.cache_on_disk import FILE as CACHE

LAYER = {
    "id": 0,
    "name": "fc",
    "operator_type": "Gemm",
    "equation": "O[b][k]+=I[b][c]*W[c][k]",
    "dimension_relations": [],
    "loop_dims": ["B", "K", "C"],
    "loop_sizes": [2, 6, 5],
    "operand_precision": {"W": 8, "I": 8, "O": 16, "O_final": 8},
    "operand_source": {"I": 0, "W": 0},
}
SWEEP = {
    "models": ["net.onnx"],
    "accelerators": [
        {
            "template": "seneca",
            "name": "core",
            "parameters": {"npes": [4], "kib": {"from": 64, "to": 128, "times": 2}},
            "set": {"operational_array.sizes.D1": "npes", "memories.data_memory.size": "kib * 8192"},
        }
    ],
    "options": {"lpf_limit": 2, "opt": "energy", "precision": {"W": 4}},
    "pareto": ["energy_pj", "area"],
}
LIMITED = ("--memory-limit", "3G")
"""Less than what ends the fuzzer."""
PRICED = ("--lpf-limit", "2", "-o", "out", *LIMITED)


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name in the folder, the commands that read it, whole ones, and whether their text is YAML
    (else it is bytes, or an ONNX model)."""

    file: str
    commands: tuple[tuple[str, ...], ...]
    seeds: Callable[[], Sequence[bytes]]
    form: str = "bytes"


def prepare(folder: Path) -> None:
    """The good files that stand beside the one that is fuzzed."""
    (folder / "good.yaml").write_text(yaml.safe_dump([LAYER]))
    (folder / "net.onnx").write_bytes(_models()[0])


def _models() -> list[bytes]:
    conv = _model(
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 2, 1, 0], strides=[2, 1], group=2),
        helper.make_node("Softmax", ["c"], ["s"], "softmax", axis=1),
        helper.make_node("Transpose", ["s"], ["y"], "turn", perm=[0, 3, 1, 2]),
    )
    body = helper.make_graph([helper.make_node("Relu", ["x"], ["o"])], "b", [], [_value("o", None)])
    branch = _model(
        helper.make_node("Constant", [], ["true"], value=helper.make_tensor("t", 9, [], [True])),
        helper.make_node("If", ["true"], ["z"], then_branch=body, else_branch=body),
        helper.make_node("Own", ["z"], ["y"], "call", domain="own"),
    )
    own = helper.make_node("Reshape", ["i", "s"], ["o"])
    size = helper.make_node("Constant", [], ["s"], value_ints=[2, -1])
    imports = [helper.make_opsetid("", 18)]
    branch.functions.append(helper.make_function("own", "Own", ["i"], ["o"], [size, own], imports))
    return [conv.SerializeToString(), branch.SerializeToString()]


def _model(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    weight = helper.make_tensor("w", TensorProto.FLOAT, [6, 2, 3, 5], bytes(6 * 2 * 3 * 5 * 4), raw=True)
    graph = helper.make_graph(nodes, "seed", [_value("x", [2, 4, 9, 7])], [_value("y", None)], [weight])
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def _value(name: str, shape: Sequence[int] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _all_models() -> list[bytes]:
    shipped = ("bert_layer", "tiny_yolov2", "yolov3_tiny")
    return [*_models(), *(find_model(name).path.read_bytes() for name in shipped)]


def _accelerators() -> list[bytes]:
    return [find_accelerator(name).path.read_bytes() for name in ("tpu_like", "seneca", "aimc")]


def _mappings() -> list[bytes]:
    return [choose_mapping(None, find_accelerator(name)).path.read_bytes() for name in ("tpu_like", "seneca", "aimc")]


def _workloads() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        if run(["compile", "lenet5", "-o", folder]):
            raise RuntimeError("lenet5 does not compile")
        return [yaml.safe_dump([LAYER]).encode(), (Path(folder) / "workload.yaml").read_bytes()]


def _sidecars() -> list[bytes]:
    path = find_accelerator("seneca").path
    return [path.with_suffix(".onnx2zz.yaml").read_bytes()]


def _arrays() -> list[bytes]:
    files: list[bytes] = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, x=np.ones((2, 4, 9, 7), np.float32))
        files.append(file.getvalue())
    return files


def _caches() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepare(place)
        command = ["evaluate", str(place / "good.yaml"), "--arch", "tpu_like", "--lpf-limit", "2"]
        if run([*command, "--cache", folder, "-o", str(place / "out")]):
            raise RuntimeError("a layer cannot be priced")
        return [(place / CACHE).read_bytes()]


def _evaluate(*arguments: str) -> tuple[str, ...]:
    return ("evaluate", *arguments, *PRICED)


KINDS = {
    "model": Kind(
        "f.onnx", (("compile", "f.onnx", "-o", "out", "--unsupported", "host", *LIMITED),), _all_models, "onnx"
    ),
    "proof": Kind("f.onnx", (("verify", "f.onnx", "--unsupported", "host", *LIMITED),), _models, "onnx"),
    "workload": Kind(
        "f.yaml",
        (_evaluate("f.yaml", "--arch", "tpu_like", "--no-cache"), ("check", "f.yaml")),
        _workloads,
        "yaml",
    ),
    "mapping": Kind(
        "f.yaml",
        (_evaluate("good.yaml", "--arch", "tpu_like", "--mapping", "f.yaml", "--no-cache"), ("check", "f.yaml")),
        _mappings,
        "yaml",
    ),
    "accelerator": Kind(
        "f.yaml",
        (_evaluate("good.yaml", "--arch", "f.yaml", "--mapping", "tpu_like", "--no-cache"), ("check", "f.yaml")),
        _accelerators,
        "yaml",
    ),
    "sidecar": Kind(
        "a.onnx2zz.yaml",
        (_evaluate("good.yaml", "--arch", "a.yaml", "--mapping", "seneca", "--no-cache"),),
        _sidecars,
        "yaml",
    ),
    "sweep": Kind(
        "f.yaml", (("sweep", "f.yaml", "--dry-run", *LIMITED),), lambda: [yaml.safe_dump(SWEEP).encode()], "yaml"
    ),
    "inputs": Kind("f.npz", (("verify", "net.onnx", "--inputs", "f.npz", *LIMITED),), _arrays),
    "cache": Kind(f"out/{CACHE}", (_evaluate("good.yaml", "--arch", "tpu_like", "--cache", "out"),), _caches),
}
