"""What rides on a layer, and what does not."""

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import Compiled, compile_model
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(0)
X = {"x": distinct(RNG, 1, 3, 8, 9)}
CONV = helper.make_node("Conv", ["x", "w"], ["c"])
WEIGHTS = {"w": distinct(RNG, 4, 3, 3, 3)}
VECTOR = {"v": distinct(RNG, 4, 1, 1)}


def compiled(*nodes: onnx.NodeProto, outputs: tuple[str, ...], **constants: np.ndarray) -> Compiled:
    return compile_model(model_of([CONV, *nodes], X, WEIGHTS | constants, outputs, opset=18))


def fates(result: Compiled) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Status and layers, by the node's first output."""
    return {fate.outputs[0]: (fate.status, fate.layers) for fate in result.workload.nodes}


def node(op: str, inputs: str, output: str, **attributes: Attribute) -> onnx.NodeProto:
    return make_node(op, inputs.split(), [output], **attributes)


def test_a_chain_rides() -> None:
    result = compiled(node("Relu", "c", "r"), node("Tanh", "r", "t"), outputs=("t",))
    assert fates(result) == {"c": ("lowered", (0,)), "r": ("fused", (0,)), "t": ("fused", (0,))}


def test_a_diamond_rides() -> None:
    """SiLU as exporters write it: x * sigmoid(x)."""
    result = compiled(node("Sigmoid", "c", "s"), node("Mul", "c s", "y"), outputs=("y",))
    assert fates(result)["s"] == fates(result)["y"] == ("fused", (0,))


def test_per_channel_scale_and_shift_ride() -> None:
    result = compiled(node("Mul", "c v", "m"), node("Add", "m v", "y"), outputs=("y",), **VECTOR)
    assert fates(result)["y"] == ("fused", (0,))


def test_a_whole_tensor_of_constants_is_an_operand() -> None:
    result = compiled(node("Add", "c t", "y"), outputs=("y",), t=distinct(RNG, 1, 4, 6, 7))
    assert fates(result)["y"] == ("lowered", (1,))
    assert result.workload.layers[1].sources == {"I": (0,), "W": ("const",)}


def test_nothing_rides_if_the_layers_own_output_is_read_elsewhere() -> None:
    result = compiled(node("Relu", "c", "r"), node("Add", "c r", "y"), node("Neg", "c", "n"), outputs=("y", "n"))
    assert fates(result)["r"] == ("lowered", (1,))


def test_what_is_read_outside_ends_the_chain() -> None:
    result = compiled(node("Relu", "c", "r"), node("Tanh", "r", "t"), outputs=("r", "t"))
    assert fates(result)["r"] == ("fused", (0,))
    assert fates(result)["t"] == ("lowered", (1,))


def test_a_chain_goes_through_views() -> None:
    shape = np.array([4, 42])
    result = compiled(node("Reshape", "c s", "v"), node("Relu", "v", "r"), outputs=("r",), s=shape)
    assert fates(result) == {"c": ("lowered", (0,)), "v": ("view", ()), "r": ("fused", (0,))}


def test_two_layers_outputs_do_not_fuse() -> None:
    other = helper.make_node("Conv", ["x", "w"], ["d"])
    result = compiled(other, node("Sigmoid", "d", "s"), node("Mul", "c s", "y"), outputs=("y",))
    assert fates(result)["s"] == ("fused", (1,))
    assert fates(result)["y"] == ("lowered", (2,))
    assert result.workload.layers[2].sources == {"I": (0,), "W": (1,)}


@pytest.mark.parametrize("count", [1, 40])
def test_long_chains_ride_whole(count: int) -> None:
    chain = [node("Relu", "c" if i == 0 else f"r{i - 1}", f"r{i}") for i in range(count)]
    result = compiled(*chain, outputs=(f"r{count - 1}",))
    assert len(result.entries) == 1
