"""Heads that share a key: it is read through an Expand, whose axis of 1 the product leaves out."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.cli.main import run
from tests.system.small_systems import evaluated, system_file

TOKENS, KEYS, SHARED, DEPTH, WIDTH = 5, 2, 3, 4, 6


def grouped_queries() -> onnx.ModelProto:
    """Scores of every query against the keys that its group shares; both are products of the input."""
    rng, heads = np.random.default_rng(1), KEYS * SHARED
    constants = {
        "query": rng.standard_normal((WIDTH, heads * DEPTH), dtype=np.float32),
        "key": rng.standard_normal((WIDTH, KEYS * DEPTH), dtype=np.float32),
        "to_heads": np.array([1, TOKENS, heads, DEPTH]),
        "to_keys": np.array([1, TOKENS, KEYS, DEPTH]),
        "two": np.array([2]),
        "times": np.array([1, KEYS, SHARED, TOKENS, DEPTH]),
        "whole": np.array([1, heads, TOKENS, DEPTH]),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "query"], ["q0"]),
        helper.make_node("MatMul", ["x", "key"], ["k0"]),
        helper.make_node("Reshape", ["q0", "to_heads"], ["q1"]),
        helper.make_node("Reshape", ["k0", "to_keys"], ["k1"]),
        helper.make_node("Transpose", ["q1"], ["q"], perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["k1"], ["k2"], perm=[0, 2, 1, 3]),
        helper.make_node("Unsqueeze", ["k2", "two"], ["k3"]),
        helper.make_node("Expand", ["k3", "times"], ["k4"]),
        helper.make_node("Reshape", ["k4", "whole"], ["k5"]),
        helper.make_node("Transpose", ["k5"], ["k"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["q", "k"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "grouped_queries",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, TOKENS, WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, heads, TOKENS, TOKENS])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_keys_that_heads_share_come_to_each_core_that_has_such_a_head(tmp_path: Path) -> None:
    system = system_file(tmp_path / "system", "a mesh")
    assert evaluated(grouped_queries(), system, tmp_path) == 0
    assert len({tile["core"] for tile in json.loads((tmp_path / "schedule.json").read_text())["tiles"]}) > 1
    out = tmp_path / "played.json"
    assert run(["verify", str(tmp_path / "drawn.onnx"), "--schedule", str(tmp_path), "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert told["faults"] == told["not_run"] == [] and told["layers_run"] == told["layers"] == 3
