"""Attributes of a node, read by their type."""

from collections.abc import Callable

import pytest
from onnx import helper

from onnx2zz.frontend.graph import Node

GIVEN = {"axis": 3, "alpha": 0.5, "mode": "edge", "pads": [1, 2], "scales": [0.5, 2.0], "activations": ["Tanh", "Relu"]}
NODE = Node("Op", "n", ("x",), ("y",), {k: helper.make_attribute(k, v) for k, v in GIVEN.items()}, 1)


def test_each_attribute_in_its_type() -> None:
    assert NODE.integer("axis") == 3 and NODE.number("alpha") == 0.5 and NODE.text("mode") == "edge"
    assert NODE.integers("pads") == [1, 2] and NODE.numbers("scales") == [0.5, 2.0]
    assert NODE.texts("activations") == ["Tanh", "Relu"]


def test_an_integer_is_a_number_too() -> None:
    assert NODE.number("axis") == 3


def test_defaults_of_what_is_left_out() -> None:
    assert NODE.integer("group", 1) == 1 and NODE.number("beta", 0.0) == 0.0 and NODE.text("auto_pad", "") == ""
    assert NODE.integers("strides") == [] and NODE.integers("axes", (0, 2)) == [0, 2]
    assert NODE.numbers("bias") == [] and NODE.texts("names") == []


def test_what_is_left_out_and_has_no_default_is_named() -> None:
    with pytest.raises(TypeError, match="num_heads"):
        NODE.integer("num_heads")


@pytest.mark.parametrize("read", [Node.integer, Node.number, Node.integers, Node.numbers, Node.texts])
def test_an_attribute_of_another_type_is_named(read: Callable[[Node, str], object]) -> None:
    with pytest.raises(TypeError, match="mode is of another type"):
        read(NODE, "mode")
