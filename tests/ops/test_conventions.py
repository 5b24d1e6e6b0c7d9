"""The conventions, held: every operator is on a page, and what typical nodes become is a golden file."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx

from onnx2zz.compiler import compile_model
from onnx2zz.ops.registry import operators
from tests.nodes import Attribute, make_node
from tests.oracle import model_of

DOCS = Path(__file__).parents[2] / "docs"
INT = np.int64


def node(op: str, inputs: str, outputs: str = "y", **attributes: Attribute) -> onnx.NodeProto:
    domain, _, name = op.rpartition(".")
    names = ["" if i == "-" else i for i in inputs.split()]
    return make_node(name, names, outputs.split(), domain=domain, **attributes)


EXAMPLES: dict[str, tuple[onnx.NodeProto, dict[str, tuple[int, ...]], Mapping[str, np.ndarray | tuple[int, ...]]]] = {
    "Conv": (
        node("Conv", "x w b", strides=[2, 1], pads=[1, 0, 2, 3]),
        {"x": (1, 3, 9, 8)},
        {"w": (4, 3, 3, 5), "b": (4,)},
    ),
    "Conv depthwise": (node("Conv", "x w", group=3), {"x": (2, 3, 9, 8)}, {"w": (6, 1, 2, 3)}),
    "Conv 3-D": (node("Conv", "x w"), {"x": (1, 2, 5, 6, 7)}, {"w": (3, 2, 2, 3, 4)}),
    "ConvTranspose": (node("ConvTranspose", "x w", strides=[2, 2]), {"x": (1, 3, 4, 5)}, {"w": (3, 2, 3, 2)}),
    "Gemm": (node("Gemm", "x w b", transB=1), {"x": (2, 5)}, {"w": (7, 5), "b": (7,)}),
    "Gemm variable bias": (node("Gemm", "x w b"), {"x": (2, 5), "b": (7,)}, {"w": (5, 7)}),
    "MatMul": (node("MatMul", "x v"), {"x": (2, 3, 4, 5), "v": (2, 3, 5, 6)}, {}),
    "MaxPool": (node("MaxPool", "x", kernel_shape=[2, 3], strides=[2, 1], pads=[0, 1, 1, 1]), {"x": (1, 3, 9, 8)}, {}),
    "AveragePool": (node("AveragePool", "x", kernel_shape=[2, 3]), {"x": (1, 3, 9, 8)}, {}),
    "GlobalAveragePool": (node("GlobalAveragePool", "x"), {"x": (1, 3, 9, 8)}, {}),
    "Add": (node("Add", "x v"), {"x": (1, 3, 9, 8), "v": (1, 3, 1, 1)}, {}),
    "Sum of three": (node("Sum", "x v u"), {"x": (2, 5), "v": (2, 5), "u": (5,)}, {}),
    "Relu": (node("Relu", "x"), {"x": (1, 3, 9, 8)}, {}),
    "BatchNormalization": (
        node("BatchNormalization", "x s b m v"),
        {"x": (1, 3, 9, 8)},
        {"s": (3,), "b": (3,), "m": (3,), "v": (3,)},
    ),
    "Softmax": (node("Softmax", "x", axis=-1), {"x": (2, 3, 5)}, {}),
    "LayerNormalization": (node("LayerNormalization", "x s b"), {"x": (2, 3, 5)}, {"s": (5,), "b": (5,)}),
    "ReduceMean": (node("ReduceMean", "x axes"), {"x": (2, 3, 5, 4)}, {"axes": np.array([2, 3], INT)}),
    "Where": (node("Where", "c x v"), {"c": (2, 5), "x": (2, 5), "v": (5,)}, {}),
    "Gather": (node("Gather", "x i"), {"x": (7, 5), "i": (2, 3)}, {}),
    "Transpose": (node("Transpose", "x", perm=[0, 2, 1]), {"x": (2, 3, 5)}, {}),
    "Concat": (node("Concat", "x v", axis=1), {"x": (2, 3, 5), "v": (2, 4, 5)}, {}),
    "Split": (node("Split", "x", "y z", axis=1, num_outputs=2), {"x": (2, 6, 5)}, {}),
    "Resize nearest": (
        node("Resize", "x - scales", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        {"x": (1, 3, 4, 5)},
        {"scales": np.array([1, 1, 2, 3], np.float32)},
    ),
    "Pad reflect": (
        node("Pad", "x pads", mode="reflect"),
        {"x": (1, 3, 4, 5)},
        {"pads": np.array([0, 0, 1, 2, 0, 0, 2, 1], INT)},
    ),
    "SpaceToDepth": (node("SpaceToDepth", "x", blocksize=2), {"x": (1, 3, 4, 6)}, {}),
    "LSTM": (node("LSTM", "x w r", hidden_size=4), {"x": (5, 2, 3)}, {"w": (1, 16, 3), "r": (1, 16, 4)}),
    "Einsum": (node("Einsum", "x v", equation="bhqd,bhkd->bhqk"), {"x": (2, 3, 4, 5), "v": (2, 3, 6, 5)}, {}),
}


def array(name: str, value: np.ndarray | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    if name in ("i", "c"):
        return rng.integers(0, 2, value).astype(INT if name == "i" else np.bool_)
    return rng.random(value, np.float32)


def layers_of(name: str) -> list[str]:
    """What stock ZigZag would read of the example's layers, a line each."""
    example, inputs, constants = EXAMPLES[name]
    rng = np.random.default_rng(0)
    given = {n: array(n, v, rng) for n, v in inputs.items()}
    stored = {n: array(n, v, rng) for n, v in constants.items()}
    model = model_of([example], given, stored, list(example.output), opset=18)
    compiled = compile_model(model)
    return [
        " | ".join(
            (
                entry["operator_type"],
                entry["equation"],
                ", ".join(entry.get("dimension_relations", [])),
                ", ".join(f"{d} {s}" for d, s in zip(entry["loop_dims"], entry["loop_sizes"], strict=True) if s > 1),
                placed.layer.kind,
            )
        )
        for entry, placed in zip(compiled.entries, compiled.workload.layers, strict=True)
    ]


def test_typical_nodes_become_the_layers_that_the_conventions_name(golden: Callable[[str, str], None]) -> None:
    golden("conventions.json", json.dumps({name: layers_of(name) for name in EXAMPLES}, indent=1) + "\n")


def test_every_operator_is_on_a_page() -> None:
    pages = [DOCS / "conventions.md", *(DOCS / "conventions").glob("*.md")]
    words = set(re.findall(r"\w+", "\n".join(page.read_text(encoding="utf-8") for page in pages)))
    ours = {name.rpartition(".")[2] for name in operators() if not name.startswith("onnx2zz.")}
    assert not ours - words
