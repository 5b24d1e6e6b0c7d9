"""The body of a Loop or Scan as onnxruntime runs it, of the nodes that were traced.

Functions and branches are inlined in it, constants stand outside, and every tensor has its global name.
"""

from collections.abc import Iterable, Mapping, Sequence

import onnx
from onnx import helper

from onnx2zz.frontend.graph import CALL, Node

Types = Mapping[str, onnx.TypeProto]


def written_body(
    nodes: Sequence[Node], inputs: Sequence[str], results: Sequence[str], condition: str, types: Types, prefix: str
) -> onnx.GraphProto:
    """The body from `inputs` to `results`; with a Loop's condition, which is handed on, in front of these."""
    written = [proto for node in nodes for proto in _written(node)]
    # Each result by itself: one tensor may be several of them, or be no node's of the body.
    given = [*([condition] if condition else []), *results]
    ends = [f"{prefix}/result{index}" for index in range(len(given))]
    written += [helper.make_node("Identity", [name], [end]) for name, end in zip(given, ends, strict=True)]
    outputs = [onnx.ValueInfoProto(name=end, type=types[name]) for name, end in zip(given, ends, strict=True)]
    infos = [onnx.ValueInfoProto(name=name, type=types[name]) for name in inputs]
    return helper.make_graph(written, "step", infos, outputs)


def _written(node: Node) -> Iterable[onnx.NodeProto]:
    if node.op == CALL:
        for source, name in zip(node.inputs, node.outputs, strict=False):
            if name:
                yield helper.make_node("Identity", [source], [name])
        return
    domain, _, op = node.op.rpartition(".")
    proto = helper.make_node(op, [*node.inputs], [*node.outputs], domain=domain)
    proto.attribute.extend(node.protos.values())
    yield proto
