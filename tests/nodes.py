"""ONNX nodes whose attributes are values of a test: onnx.helper.make_node, with a type for them."""

from collections.abc import Sequence

import onnx
from onnx import helper

Attribute = (
    int
    | float
    | str
    | bytes
    | Sequence[int]
    | Sequence[float]
    | Sequence[str]
    | onnx.TensorProto
    | onnx.GraphProto
    | onnx.SparseTensorProto
    | None
)


def make_node(
    op: str, inputs: Sequence[str], outputs: Sequence[str], name: str = "", /, **attributes: Attribute
) -> onnx.NodeProto:
    """The node. As in onnx.helper, `name` and `domain` are the node's, and an attribute that is None is left out."""
    given = {key: value for key, value in attributes.items() if value is not None}
    name, domain = str(given.pop("name", name)), str(given.pop("domain", ""))
    node = helper.make_node(op, inputs, outputs, name, domain=domain or None)  # an empty one is bytes, too
    node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(given.items()))
    return node
