"""Known values: computed on demand, one evaluator for nodes that differ in names only."""

import numpy as np
from onnx import helper

from onnx2zz.frontend.values import evaluate
from tests.oracle import model_of, onnxruntime_run

OPSETS = {"": 17}


def test_nodes_that_differ_in_names_and_values_only() -> None:
    for name, value in (("a", [3, 1, 2]), ("b", [7, 9])):
        node = helper.make_node("Gather", [name, "i"], [f"{name}_out"], axis=0)
        (result,) = evaluate(node, [np.array(value), np.array(1)], OPSETS)
        assert result == value[1] and result.dtype == np.int64


def test_attributes_types_and_left_out_inputs_tell_nodes_apart() -> None:
    for start, step in ((0, None), (2, np.array([-1]))):
        node = helper.make_node("Slice", ["x", "s", "e", "", "step" if step is not None else ""], ["y"])
        x = np.arange(5.0, dtype=np.float32)
        inputs = [x, np.array([start]), np.array([4 if step is None else -9]), None, step]
        feeds = {n: v for n, v in zip(node.input, inputs, strict=True) if n and v is not None}
        expected = onnxruntime_run(model_of([node], feeds, {}, ["y"]), feeds)["y"]
        np.testing.assert_array_equal(evaluate(node, inputs, OPSETS)[0], expected)
    for to, dtype in ((1, np.float32), (7, np.int64)):
        (cast,) = evaluate(helper.make_node("Cast", ["x"], ["y"], to=to), [np.array([1, 2], np.int32)], OPSETS)
        assert cast.dtype == dtype


def test_outputs_that_are_left_out() -> None:
    node = helper.make_node("Split", ["x", "sizes"], ["", "second"], axis=0)
    outputs = evaluate(node, [np.arange(5), np.array([2, 3])], OPSETS)
    assert [list(output) for output in outputs] == [[], [2, 3, 4]]
