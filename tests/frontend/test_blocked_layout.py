"""Files of onnxruntime's highest level of optimisation are the same workload as the network they came from."""

import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.frontend.blocked_layout import DOMAIN, block_of
from onnx2zz.proof.verify import verify
from tests.nodes import make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(19)


def optimised(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    options = onnxruntime.SessionOptions()
    file = folder / "optimised.onnx"
    options.optimized_model_filepath = str(file)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return onnx.ModelProto.FromString(file.read_bytes())


def operators(model: onnx.ModelProto) -> set[str]:
    return {node.op_type for node in model.graph.node if node.domain == DOMAIN}


def network(channels: int) -> onnx.ModelProto:
    """Plain, by channel, with a sum and 1x1; pooling, upsampling, and channels last at the end."""
    nodes = [
        make_node("Conv", ["x", "w0", "b0"], ["a"], pads=[1, 0, 1, 1]),
        make_node("Relu", ["a"], ["a1"]),
        make_node("MaxPool", ["a1"], ["p"], kernel_shape=[2, 3], strides=[2, 1], pads=[0, 1, 0, 1]),
        make_node("Conv", ["p", "w1"], ["d"], group=channels, pads=[1, 1, 1, 1]),
        make_node("Clip", ["d", "zero", "six"], ["d1"]),
        make_node("Conv", ["d1", "w2"], ["e"]),
        make_node("Add", ["e", "p"], ["f"]),
        make_node("Resize", ["f", "", "scales"], ["u"], mode="nearest", coordinate_transformation_mode="asymmetric",
                  nearest_mode="floor"),
        make_node("AveragePool", ["u"], ["v"], kernel_shape=[3, 2], pads=[1, 0, 1, 0]),
        make_node("Conv", ["v", "w3"], ["g"], strides=[2, 3]),
        make_node("Transpose", ["g"], ["y"], perm=[0, 2, 3, 1]),
    ]  # fmt: skip
    weights = {
        "w0": distinct(RNG, channels, 3, 3, 2), "b0": distinct(RNG, channels), "w1": distinct(RNG, channels, 1, 3, 3),
        "w2": distinct(RNG, channels, channels, 1, 1), "w3": distinct(RNG, 2 * channels, channels, 2, 3),
        "zero": np.float32(0), "six": np.float32(6), "scales": np.array([1, 1, 2, 3], np.float32),
    }  # fmt: skip
    constants = {name: np.asarray(value) for name, value in weights.items()}
    return model_of(nodes, {"x": distinct(RNG, 1, 3, 11, 9)}, constants, ["y"])


def layers(compiled: Compiled) -> list[tuple[str, dict[str, int]]]:
    """Loops above 1 of each layer: which loop walks the channels of a sum differs, and not how many there are."""
    return [
        (one.layer.kind, {loop: size for loop, size in one.layer.loops if size > 1 and loop not in "GK"})
        for one in compiled.workload.layers
    ]


def test_the_blocked_network_is_the_network(tmp_path: Path) -> None:
    plain = network(32)
    blocked = optimised(plain, tmp_path)
    assert operators(blocked) >= {"Conv", "MaxPool", "AveragePool", "Upsample", "ReorderOutput"}
    one, other = compile_model(plain), compile_model(blocked)
    assert layers(other) == layers(one)
    assert other.workload.macs == one.workload.macs
    assert other.graph.shape("y") == one.graph.shape("y")
    assert any("NCHWc" in note for note in other.notes)


def test_the_blocked_network_is_proven(tmp_path: Path) -> None:
    result = verify(compile_model(optimised(network(16), tmp_path)))
    assert result.ok
    assert result.complete


def test_channels_that_fill_up_a_block_are_computed_and_cut_off_at_the_end(tmp_path: Path) -> None:
    """The kernels compute them: at each place one multiply-accumulate for each element of the file's weights."""
    model = model_of(
        [make_node("Conv", ["x", "w0"], ["a"]), make_node("Conv", ["a", "w1"], ["y"], pads=[1, 1, 0, 0])],
        {"x": distinct(RNG, 1, 24, 6, 5)},
        {"w0": distinct(RNG, 20, 24, 2, 3), "w1": distinct(RNG, 12, 20, 2, 2)},
        ["y"],
    )
    blocked = optimised(model, tmp_path)
    assert operators(blocked) >= {"Conv", "ReorderInput", "ReorderOutput"}
    sizes = [tensor.dims for tensor in blocked.graph.initializer if len(tensor.dims) == 4]
    places = {3: 5 * 3, 2: 5 * 3}  # filters of 2x3 and 2x2 both leave 5x3
    compiled = compile_model(blocked)
    assert compiled.workload.macs == sum(math.prod(dims) * places[dims[3]] for dims in sizes)
    assert compiled.graph.shape("y") == (1, 12, 5, 3)
    result = verify(compiled)
    assert result.ok
    assert result.complete


@pytest.mark.parametrize(
    ("outputs", "inputs", "block"), [(32, 16, 16), (24, 16, 8), (16, 24, 8), (16, 3, 16), (8, 3, 8)]
)
def test_the_weights_tell_how_many_channels_a_block_has(outputs: int, inputs: int, block: int) -> None:
    weights = numpy_helper.from_array(np.zeros((outputs, inputs, 1, 1), np.float32), "w")
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], domain=DOMAIN)
    assert block_of(onnx.helper.make_graph([node], "g", [], [], [weights])) == block
