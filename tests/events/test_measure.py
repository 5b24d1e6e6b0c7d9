"""Densities and executed operations, against onnxruntime: a convolution with ones over a mask counts the operations
that read something other than zero."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.events.measure import INNER, NEEDS_ZEROS, measure
from onnx2zz.events.silence import skippable
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.axis import along
from onnx2zz.ir.functions import Function
from onnx2zz.ir.layer import Layer, Reduction
from onnx2zz.proof.verify import VerifyOptions
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of, onnxruntime_run


def activities(model: onnx.ModelProto, **inputs: np.ndarray) -> dict[str, Any]:
    """Layer by its node's name."""
    compiled = compile_model(model)
    found = measure(compiled, "here", VerifyOptions(inputs=inputs))
    return {placed.name.split("_", 1)[1]: found.layers[placed.id] for placed in compiled.workload.layers}


def sparse(rng: np.random.Generator, *shape: int, share: float = 0.4) -> np.ndarray:
    return np.where(rng.random(shape) < share, distinct(rng, *shape), 0).astype(np.float32)


def count(mask: np.ndarray, weights_shape: Sequence[int], **attributes: Attribute) -> int:
    """How many products of a convolution have a factor that is not zero, and how many there are without padding."""
    node = make_node("Conv", ["x", "w"], ["y"], **attributes)
    mask, ones = mask.astype(np.float32), np.ones(weights_shape, np.float32)
    model = model_of([node], {"x": mask}, {"w": ones}, ["y"])
    return int(onnxruntime_run(model, {"x": mask})["y"].sum())


@settings(max_examples=25)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    pads=st.tuples(*[st.integers(0, 1)] * 4),
    dilations=st.tuples(st.integers(1, 2), st.integers(1, 3)),
    groups=st.sampled_from([1, 2]),
    share=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_convolution_executes_the_products_of_its_events(
    kernel: tuple[int, int],
    strides: tuple[int, int],
    pads: tuple[int, ...],
    dilations: tuple[int, int],
    groups: int,
    share: float,
) -> None:
    rng = np.random.default_rng(3)
    x, w = sparse(rng, 1, 4, 9, 13, share=share), distinct(rng, 6, 4 // groups, *kernel)
    attributes = {"strides": strides, "pads": pads, "dilations": dilations, "group": groups}
    model = model_of([make_node("Conv", ["x", "w"], ["y"], "conv", **attributes)], {"x": x}, {"w": w}, ["y"])
    (found,) = activities(model, x=x).values()
    y = onnxruntime_run(model, {"x": x})["y"]
    assert found.executed * y.size * w[0].size == pytest.approx(count(x != 0, w.shape, **attributes))
    read = elements_read(x.shape, w.shape, y.shape, attributes)
    assert found.events == np.count_nonzero(x[read])
    assert found.density["I"] == pytest.approx(share_of(x[read] != 0))
    assert found.skipping == ("I",)


def share_of(mask: np.ndarray) -> float:
    """The share of elements that are true."""
    return np.count_nonzero(mask) / mask.size


def read_along(x: int, y: int, k: int, stride: int, dilation: int, pad: int) -> np.ndarray:
    """A mask over one axis of the input."""
    return np.isin(np.arange(x), [stride * o + dilation * f - pad for o in range(y) for f in range(k)])


def elements_read(
    x_shape: Sequence[int], w_shape: Sequence[int], y_shape: Sequence[int], attributes: dict[str, Any]
) -> Any:
    """A mask over the input: every window of every output, axis by axis."""
    axes = zip(
        x_shape[2:], y_shape[2:], w_shape[2:], attributes["strides"], attributes["dilations"], attributes["pads"][:2],
        strict=True,
    )  # fmt: skip
    rows, columns = (read_along(*axis) for axis in axes)
    return np.broadcast_to(rows[:, None] & columns, x_shape)


def network() -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """Convolution, ReLU, pool; a branch that is added; a classifier behind a mean."""
    rng = np.random.default_rng(5)
    constants = {
        "w0": distinct(rng, 6, 3, 3, 2),
        "w1": distinct(rng, 6, 6, 1, 3),
        "w2": distinct(rng, 6, 7),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["a"], "stem"),
        helper.make_node("Relu", ["a"], ["r"], "relu"),
        helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p", "w1"], ["b"], "branch", pads=[0, 1, 0, 1]),
        helper.make_node("Relu", ["b"], ["s"], "relu2"),
        helper.make_node("Add", ["s", "p"], ["t"], "sum"),
        helper.make_node("MaxPool", ["b"], ["n"], "of_negatives", kernel_shape=[2, 1]),
        helper.make_node("GlobalAveragePool", ["t"], ["m"], "mean"),
        helper.make_node("Flatten", ["m"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w2"], ["y"], "classify"),
    ]
    x = distinct(rng, 1, 3, 12, 15)
    return model_of(nodes, {"x": x}, constants, ["y", "n"]), {"x": x}


def test_every_layer_of_a_network() -> None:
    model, inputs = network()
    names = ["r", "p", "s", "t", "f", "b"]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    values = onnxruntime_run(model, inputs)
    model, inputs = network()
    found = activities(model, **inputs)
    shares = {name: share_of(value != 0) for name, value in values.items()}
    assert 0.2 < shares["r"] < 0.8
    assert found["pool"].density == {"I": pytest.approx(shares["r"])}
    assert found["branch"].density == {"I": pytest.approx(shares["p"])}
    assert found["branch"].executed == pytest.approx(
        count(values["p"] != 0, (6, 6, 1, 3), pads=[0, 1, 0, 1]) / (values["b"].size * 18)
    )
    assert sorted(found["sum"].density.values()) == pytest.approx(sorted([shares["s"], shares["p"]]))
    assert found["sum"].executed == pytest.approx(share_of((values["s"] != 0) | (values["p"] != 0)))
    assert found["sum"].skipping == ("I", "W")
    assert found["sum"].events == np.count_nonzero(values["s"]) + np.count_nonzero(values["p"])
    assert found["mean"].executed == pytest.approx(shares["t"])
    assert found["classify"].executed == pytest.approx(shares["f"])


def test_a_maximum_over_values_below_zero_needs_the_zeros() -> None:
    model, inputs = network()
    found = activities(model, **inputs)
    assert found["pool"].skipping == ("I",) and found["pool"].why_dense == ""
    negatives = found["of_negatives"]
    assert (negatives.skipping, negatives.executed, negatives.why_dense) == ((), 1.0, NEEDS_ZEROS)


def test_tensors_that_only_a_node_knows_are_priced_dense() -> None:
    """Softmax over 3x5: the maximum reads the input; subtract, sum and divide read what lies between."""
    x = distinct(np.random.default_rng(5), 3, 5)
    model = model_of([helper.make_node("Softmax", ["x"], ["y"], "softmax")], {"x": x}, {}, ["y"])
    compiled = compile_model(model)
    found = measure(compiled, "random", VerifyOptions(inputs={"x": x})).layers
    assert [found[layer].why_dense for layer in range(4)] == [NEEDS_ZEROS, INNER, INNER, INNER]
    assert [found[layer].events for layer in range(4)] == [15, 15 + 3, 15, 15 + 3]
    assert all(one.executed == 1.0 and one.skipping == () for one in found.values())


def test_the_zero_of_a_quantised_tensor_is_its_zero_point() -> None:
    rng = np.random.default_rng(7)
    x = rng.choice([7, 7, 3, 200], (1, 3, 8, 11)).astype(np.uint8)
    constants = {
        "xs": np.asarray(0.5, np.float32), "xz": np.asarray(7, np.uint8),
        "w": rng.integers(1, 9, (4, 3, 2, 3)).astype(np.int8),
        "ws": np.asarray(0.25, np.float32), "wz": np.asarray(0, np.int8),
        "ys": np.asarray(0.5, np.float32), "yz": np.asarray(1, np.uint8),
    }  # fmt: skip
    node = helper.make_node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["y"], "conv")
    (found,) = activities(model_of([node], {"x": x}, constants, ["y"]), x=x).values()
    assert found.density == {"I": pytest.approx(share_of(x != 7))}
    assert found.executed == pytest.approx(count(x != 7, (4, 3, 2, 3)) / (4 * 7 * 9 * 18))


def test_a_product_of_two_activations_is_driven_by_the_first() -> None:
    rng = np.random.default_rng(9)
    inputs = {"x": sparse(rng, 5, 7), "v": sparse(rng, 7, 3, share=0.8)}
    (found,) = activities(
        model_of([make_node("MatMul", ["x", "v"], ["y"], "product")], inputs, {}, ["y"]), **inputs
    ).values()
    assert found.skipping == ("I",)
    assert found.events == sum(map(np.count_nonzero, inputs.values()))
    assert sorted(found.density.values()) == pytest.approx(sorted(share_of(value != 0) for value in inputs.values()))
    assert found.executed == pytest.approx(found.density["I"])


def elementwise(function: Function, inputs: int, reduce: Reduction = "none") -> Layer:
    axes = (along("G", 3),)
    return Layer(
        "Add", (("G", 3),), Access("y", axes), tuple(Access(n, axes) for n in "xw"[:inputs]), Step(function), reduce
    )


@pytest.mark.parametrize(
    ("function", "inputs", "reduce", "lowest", "expected"),
    [
        (functions.MUL, 2, "sum", -1.0, ("I",)),
        (functions.MUL, 2, "none", -1.0, ("I",)),
        (functions.DIV, 2, "none", -1.0, ("I",)),
        (functions.ADD, 2, "none", -1.0, ("I", "W")),
        (functions.SUB, 2, "none", -1.0, ("I", "W")),
        (functions.MAX, 2, "none", -1.0, ("I", "W")),
        (functions.IDENTITY, 1, "none", -1.0, ("I",)),
        (functions.IDENTITY, 1, "sum", -1.0, ("I",)),
        (functions.IDENTITY, 1, "max", 0.0, ("I",)),
        (functions.IDENTITY, 1, "max", -0.1, ()),
        (functions.IDENTITY, 1, "min", 0.0, ()),
        (functions.IDENTITY, 1, "prod", 1.0, ()),
        (functions.RELU, 1, "none", -1.0, ("I",)),
        (functions.EXP, 1, "none", -1.0, ()),
        (functions.SIGMOID, 1, "none", -1.0, ()),
        (functions.EQUAL, 2, "none", -1.0, ()),
    ],
)
def test_which_zeros_are_no_events(
    function: Function, inputs: int, reduce: Reduction, lowest: float, expected: tuple[str, ...]
) -> None:
    assert skippable(elementwise(function, inputs, reduce), lowest) == expected
