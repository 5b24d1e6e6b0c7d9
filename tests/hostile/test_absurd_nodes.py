"""Nodes that their operator does not allow: one sentence that names the file and the node."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, model, one_node, save, verdict

W = (6, 4, 3, 5)
ABSURD = {
    "strides 0": (one_node("Conv", attributes={"strides": [0, 1]}, w=W), "strides holds 0"),
    "dilation -1": (one_node("Conv", attributes={"dilations": [1, -1]}, w=W), "dilations holds -1"),
    "group 0": (one_node("Conv", attributes={"group": 0}, w=W), "group holds 0"),
    "groups that leave a rest": (
        one_node("Conv", attributes={"group": 4}, w=(6, 1, 3, 5)),
        "4 groups of 1",
    ),
    "channels of another input": (one_node("Conv", w=(6, 3, 3, 5)), "groups of 3 input channels are not 4"),
    "another kernel": (one_node("Conv", attributes={"kernel_shape": [5, 5]}, w=W), "kernel_shape says otherwise"),
    "a huge kernel": (one_node("Conv", w=(6, 4, 30, 5)), "window does not fit"),
    "a bias of another length": (one_node("Conv", w=W, b=(5,)), "b would have to be 6"),
    "pads longer than the rank": (one_node("Conv", attributes={"pads": [1] * 9}, w=W), "pads has 9 numbers"),
    "strides of a float": (one_node("Conv", attributes={"strides": 1.5}, w=W), "strides is of type FLOAT"),
    "no such padding": (one_node("Conv", attributes={"auto_pad": "SOME"}, w=W), "auto_pad is 'SOME'"),
    "a missing attribute": (one_node("MaxPool"), "lacks its attribute kernel_shape"),
    "kernel -1": (one_node("MaxPool", attributes={"kernel_shape": [-1, 2]}), "kernel_shape holds -1"),
    "a vast stride": (one_node("MaxPool", attributes={"kernel_shape": [2, 2], "strides": [2**40, 1]}), "strides holds"),
    "axis 99": (one_node("Softmax", attributes={"axis": 99}), "axis is 99; its input has 4 axes"),
    "an axis that ended onnx": (one_node("LayerNormalization", attributes={"axis": 2**63 - 1}, w=(7,)), "axis holds"),
    "perm twice": (one_node("Transpose", attributes={"perm": [0, 1, 1, 2]}), "perm"),
    "perm out of range": (one_node("Transpose", attributes={"perm": [0, 1, 2, 9]}), "perm"),
    "size 0": (one_node("LRN", attributes={"size": 0}), "size holds 0"),
    "blocks that leave a rest": (one_node("DepthToSpace", attributes={"blocksize": 3}), "does not divide"),
    "an equation of noise": (one_node("Einsum", attributes={"equation": b"\xff\xfe"}), "equation"),
    "an equation that repeats": (
        one_node("Einsum", attributes={"equation": "ij->iii"}, x=(2, 3)),
        "index twice",
    ),
    "no heads": (one_node("MultiHeadAttention", "com.microsoft", x=(3, 4, 5)), "do not fit its operator"),
    "products that do not meet": (one_node("FusedMatMul", "com.microsoft", x=(3, 4), w=(5, 6)), "w would have to be"),
    "two billion windows of an average": (
        one_node("AveragePool", attributes={"kernel_shape": [3, 2], "pads": [1, 0, 1, 0]}, x=(1, 3, 2**30, 5)),
        "1,073,741,824 x 3 elements of windows",
    ),
    "a layer for each of a million phases": (
        one_node("ConvTranspose", attributes={"strides": [999, 1001]}, w=(4, 6, 3, 5)),
        "999,999 layers",
    ),
    "too many inputs": (one_node("Relu", w=W), "has 2 inputs; its operator takes 1"),
}


@pytest.mark.parametrize(("proto", "said"), ABSURD.values(), ids=ABSURD.keys())
def test_an_absurd_node_is_one_sentence(
    proto: onnx.ModelProto, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == INPUT_AT_FAULT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: net.onnx: node culprit (")
    assert said in line


def test_an_image_of_two_billion_columns_is_not_walked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resize = helper.make_node("Resize", ["x", "", "s"], ["y"], "culprit", mode="nearest")
    proto = model([resize], x=(1, 3, 5, 2**30))
    proto.graph.initializer.append(helper.make_tensor("s", TensorProto.FLOAT, [4], [1.0, 1.0, 1.0, 2.0]))
    assert verdict(["compile", save(proto, tmp_path)], tmp_path) == INPUT_AT_FAULT
    assert "2,147,483,648 positions would have to be told apart" in capsys.readouterr().err


def test_more_parts_than_outputs_end_in_a_sentence_not_in_onnx(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = helper.make_node("Split", ["x"], ["y", "a", "b", "c"], "culprit", num_outputs=3)
    assert verdict(["compile", save(model([split]), tmp_path)], tmp_path) == INPUT_AT_FAULT
    assert "num_outputs is 3, but it has 4 outputs" in capsys.readouterr().err


def test_a_batch_of_axes_beyond_the_rank_ends_in_a_sentence_not_in_onnx(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gather = helper.make_node("GatherND", ["x", "i"], ["y"], "culprit", batch_dims=99)
    proto = model([gather])
    proto.graph.input.append(helper.make_tensor_value_info("i", TensorProto.INT64, (2, 4, 1)))
    assert verdict(["compile", save(proto, tmp_path)], tmp_path) == INPUT_AT_FAULT
    assert "batch_dims is 99" in capsys.readouterr().err


def test_what_they_are_made_of_is_fine(tmp_path: Path) -> None:
    attributes = {"strides": [2, 1], "pads": [1, 0, 2, 1], "group": 2, "kernel_shape": [3, 5], "auto_pad": "NOTSET"}
    proto = one_node("Conv", attributes=attributes, w=(6, 2, 3, 5), b=(6,))
    assert verdict(["compile", save(proto, tmp_path), "-o", "out"], tmp_path) == FINE
