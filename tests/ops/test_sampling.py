"""DeformConv, Col2Im, AffineGrid and CenterCropPad against onnxruntime."""

import math

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.formats.workload_entry import volumes
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ir.layer import Layer
from onnx2zz.proof.verify import verify
from tests.oracle import check_node, distinct, lowered, model_of, reference_run


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.data())
def test_blocks_are_added_up(rank: int, data: st.DataObject) -> None:
    strides, dilations, block, counts = ([data.draw(st.integers(1, 3)) for _ in range(rank)] for _ in range(4))
    if rank != 2:  # there onnxruntime mixes channels up where it dilates; onnx's own evaluator does not
        dilations = [1] * rank
    pads = [data.draw(st.integers(0, 1)) for _ in range(2 * rank)]
    reach = [(counts[i] - 1) * strides[i] + dilations[i] * (block[i] - 1) + 1 for i in range(rank)]
    image = [reach[i] - pads[i] - pads[i + rank] for i in range(rank)]
    if min(image) < 1:
        return
    x = distinct(np.random.default_rng(0), 2, 3 * int(np.prod(block)), int(np.prod(counts)))
    constants = {"image": np.asarray(image), "block": np.asarray(block)}
    node = helper.make_node("Col2Im", ["x", *constants], ["y"], strides=strides, dilations=dilations, pads=pads)
    layers = check_node(node, {"x": x}, constants, opset=18)
    assert {layer.kind for layer in layers} == {"exact"}
    assert_pairs_are_read_once(layers, x, constants, node)


def assert_pairs_are_read_once(
    layers: tuple[Layer, ...], x: np.ndarray, constants: dict[str, np.ndarray], node: onnx.NodeProto
) -> None:
    """Brute force: of each block's taps those that lie on the image are read, once, and nothing else."""
    compiled = compile_model(model_of([node], {"x": x}, constants, ["y"], 18))
    result = verify(compiled)
    assert (result.mismatches, result.not_checkable) == ((), ())
    block, image = constants["block"], constants["image"]
    strides, dilations, pads = (helper.get_node_attr_value(node, name) for name in ("strides", "dilations", "pads"))
    pairs = x.shape[0] * 3
    for i in range(len(block)):
        count = (image[i] + pads[i] + pads[i + len(block)] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1
        places = [s * strides[i] + t * dilations[i] - pads[i] for s in range(count) for t in range(block[i])]
        pairs *= sum(0 <= place < image[i] for place in places)
    assert sum(layer.inputs[0].volume(layer.sizes) for layer in layers if layer.operations) == pairs
    emitted = (layer for layer in compiled.entries)
    one_by_one = sum(layer.operations == 1 for layer in layers)  # left out of the workload
    assert sum(volumes(entry)["I"] for entry in emitted) == pairs - one_by_one


@pytest.mark.parametrize("rank", [1, 3])
def test_dilated_blocks_of_other_than_two_axes(rank: int) -> None:
    """onnxruntime mixes channels up there: the oracle is onnx's own evaluator; `verify` has its own arithmetic."""
    rng = np.random.default_rng(0)
    block, counts, pads = [2, 3, 2][:rank], [4, 2, 3][:rank], [1, 0, 2][:rank] + [0, 1, 1][:rank]
    dilations, strides = [3, 2, 1][:rank], [2, 1, 2][:rank]
    image = [(c - 1) * s + d * (b - 1) + 1 - pads[i] - pads[i + rank]
             for i, (c, s, d, b) in enumerate(zip(counts, strides, dilations, block, strict=True))]  # fmt: skip
    x = distinct(rng, 2, 3 * math.prod(block), math.prod(counts))
    constants = {"image": np.asarray(image), "block": np.asarray(block)}
    node = helper.make_node("Col2Im", ["x", *constants], ["y"], strides=strides, dilations=dilations, pads=pads)
    model = model_of([node], {"x": x}, constants, ["y"], 18)
    compiled = compile_model(model)
    expected = reference_run(model, {"x": x})["y"]
    _, layers = lowered(model)
    np.testing.assert_allclose(run_layers(layers, {"x": x, **constants})["y"], expected, 1e-5, 1e-6)
    assert verify(compiled).nodes_matched == 1
    assert_pairs_are_read_once(layers, x, constants, node)


@pytest.mark.parametrize(("masked", "group", "offset_group"), [(False, 1, 1), (True, 2, 1), (True, 1, 2)])
def test_deformed_convolution_multiplies_what_a_convolution_multiplies(
    masked: bool, group: int, offset_group: int
) -> None:
    """With offsets of zero the sampling, approximate in general, is exact."""
    rng = np.random.default_rng(0)
    n, c, k, kernel, out = 2, 4, 6, (2, 3), (3, 5)
    taps = offset_group * kernel[0] * kernel[1]
    inputs = {"x": distinct(rng, n, c, 6, 7), "offset": np.zeros((n, 2 * taps, *out), np.float32)}
    constants = {"w": distinct(rng, k, c // group, *kernel), "b": distinct(rng, k)}
    names = ["x", "w", "offset", "b"]
    if masked:
        inputs["mask"] = distinct(rng, n, taps, *out)
        names.append("mask")
    node = helper.make_node("DeformConv", names, ["y"], strides=[2, 1], pads=[0, 0, 1, 0], group=group,
                            offset_group=offset_group)  # fmt: skip
    layers = check_node(node, inputs, constants, opset=19)
    assert [layer.kind for layer in layers] == ["approximate", *(["exact"] * masked), "exact"]
    assert sum(layer.macs for layer in layers) == n * k * out[0] * out[1] * (c // group) * kernel[0] * kernel[1]


@pytest.mark.parametrize("aligned", [0, 1])
@pytest.mark.parametrize("spatial", [(3, 5), (2, 3, 4)])
def test_affine_grid(aligned: int, spatial: tuple[int, ...]) -> None:
    axes = len(spatial)
    theta = distinct(np.random.default_rng(0), 2, axes, axes + 1)
    node = helper.make_node("AffineGrid", ["theta", "size"], ["y"], align_corners=aligned)
    layers = check_node(node, {"theta": theta}, {"size": np.asarray([2, 3, *spatial])}, opset=20)
    assert len(layers) == 2 * axes


@pytest.mark.parametrize("target", [(4, 4), (7, 5), (3, 8), (6, 6)])
def test_center_crop_pad(target: tuple[int, int]) -> None:
    x = distinct(np.random.default_rng(0), 2, 6, 3, 5)
    node = helper.make_node("CenterCropPad", ["x", "shape"], ["y"], axes=[1, 3])
    check_node(node, {"x": x}, {"shape": np.asarray(target)}, opset=18)
