"""Outputs that nobody reads do not decide what becomes of a node."""

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from tests.oracle import distinct, model_of

VECTORS = {name: distinct(np.random.default_rng(0), 3) for name in ("scale", "shift", "mean", "var")}
NODES = [
    (helper.make_node("Dropout", ["x"], ["d", "mask"]), 9, "view"),
    (helper.make_node("BatchNormalization", ["x", *VECTORS], ["d", "m", "v", "sm", "sv"]), 9, "lowered"),
]


@pytest.mark.parametrize(("node", "opset", "status"), NODES, ids=lambda v: getattr(v, "op_type", ""))
def test_an_unread_output_of_unknown_shape_is_no_reason_for_the_host(
    node: onnx.NodeProto, opset: int, status: str
) -> None:
    """Versions whose inference gives the first output's shape only."""
    nodes = [node, helper.make_node("GlobalAveragePool", ["d"], ["y"])]
    x = distinct(np.random.default_rng(0), 2, 3, 4, 5)
    compiled = compile_model(model_of(nodes, {"x": x}, VECTORS, ["y"], opset))
    assert [fate.status for fate in compiled.workload.nodes] == [status, "lowered"]
