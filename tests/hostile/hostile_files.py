"""Files that somebody damaged or made up, and what may come of them: an answer, or a sentence."""

import os
from collections.abc import Sequence
from pathlib import Path

import onnx
from hypothesis import strategies as st
from onnx import TensorProto, helper

from onnx2zz.cli.main import run
from tests.json_values import Document

FINE, INPUT_AT_FAULT, NOT_PRICED = 0, 1, 3


def verdict(arguments: Sequence[str], folder: Path) -> int:
    """The exit code of a run in `folder`; everything that it wrote must lie in its `out` folder."""
    before, here = set(folder.iterdir()), Path.cwd()
    os.chdir(folder)
    try:
        code = run(arguments)
    finally:
        os.chdir(here)
    assert set(folder.iterdir()) - before <= {folder / "out"}
    return code


def damaged(originals: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the files cut short, or with bytes flipped, lost, repeated or put in."""
    change = st.tuples(st.integers(0, 1 << 20), st.sampled_from(["flip", "lose", "put", "repeat"]), st.integers(0, 255))
    whole = st.builds(_changed, st.sampled_from(originals), st.lists(change, min_size=1, max_size=4))
    return st.one_of(whole, st.builds(_cut, whole, st.integers(0, 1 << 20)))


def _cut(data: bytes, end: int) -> bytes:
    return data[: end % len(data)]


def _changed(data: bytes, changes: list[tuple[int, str, int]]) -> bytes:
    for place, kind, byte in changes:
        at = place % max(1, len(data))
        middle = {"flip": bytes([data[at] ^ (1 << byte % 8)]) if data else b"", "lose": b"", "put": bytes([byte])}
        data = data[:at] + middle.get(kind, data[at : at + 8] * 2) + data[at + 1 :]
    return data


def values(name: str, shape: Sequence[int | str] | None, element: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def model(nodes: Sequence[onnx.NodeProto], **inputs: Sequence[int]) -> onnx.ModelProto:
    """A model of these nodes; x is (2, 4, 9, 7) unless told otherwise, y the output."""
    shapes = {"x": (2, 4, 9, 7)} | inputs
    graph = helper.make_graph(
        nodes, "hostile", [values(name, shape) for name, shape in shapes.items()], [values("y", None)]
    )
    imports = [helper.make_opsetid(*opset) for opset in (("", 18), ("com.microsoft", 1), ("own", 1))]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def one_node(op: str, domain: str = "", attributes: Document | None = None, **others: Sequence[int]) -> onnx.ModelProto:
    """A model of one node called `culprit`, of x and the others."""
    node = helper.make_node(op, ["x", *(name for name in others if name != "x")], ["y"], "culprit", domain=domain)
    node.attribute.extend(helper.make_attribute(name, value) for name, value in (attributes or {}).items())
    return model([node], **others)


def save(proto: onnx.ModelProto, folder: Path) -> str:
    """Writes net.onnx; its name."""
    (folder / "net.onnx").write_bytes(proto.SerializeToString())
    return "net.onnx"
