"""Resize and Upsample against onnxruntime: every coordinate rule, factors up and down, sizes, axes, old versions."""

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.ir.layer import Layer
from onnx2zz.proof.verify import verify
from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct, model_of, onnxruntime_run

PERIODIC = ["half_pixel", "pytorch_half_pixel", "asymmetric", "half_pixel_symmetric"]
RULES = [*PERIODIC, "align_corners"]
FACTORS = [0.5, 1.0, 2.0, 3.0, 4.0]


def resize(x: np.ndarray, scales: list[float], opset: int = 19, **attributes: Attribute) -> tuple[Layer, ...]:
    constants = {"scales": np.asarray(scales, np.float32)}
    return check_node(make_node("Resize", ["x", "", "scales"], ["y"], **attributes), {"x": x}, constants, opset)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FACTORS), st.sampled_from(FACTORS), st.sampled_from(PERIODIC[:3]), st.sampled_from([13, 18, 19]))
def test_nearest_by_whole_factors_is_one_exact_movement(fy: float, fx: float, rule: str, opset: int) -> None:
    rounding = "floor" if rule == "asymmetric" else "round_prefer_floor"
    x = distinct(np.random.default_rng(0), 2, 3, 4, 6)
    options = {"coordinate_transformation_mode": rule, "nearest_mode": rounding}
    (layer,) = resize(x, [1.0, 1.0, fy, fx], opset, mode="nearest", **options)
    assert (layer.kind, layer.operations) == ("movement", x.size * fy * fx)


def test_nearest_by_two_reads_each_element_for_a_block_of_outputs() -> None:
    """`O[b][g][oy][py][ox][px] = I[b][g][oy][ox]`: loops over the small tensor and the places in a block."""
    x = distinct(np.random.default_rng(0), 1, 3, 5, 4)
    (layer,) = resize(x, [1.0, 1.0, 2.0, 2.0], mode="nearest")
    assert layer.sizes == {"B": 1, "G": 3, "OX": 4, "OY": 5, "PX": 2, "PY": 2}
    assert layer.inputs[0].loops == {"B", "G", "OX", "OY"}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FACTORS), st.sampled_from(FACTORS), st.sampled_from(PERIODIC), st.integers(2, 5), st.data())
def test_linear_by_whole_factors_is_exact(fy: float, fx: float, rule: str, rows: int, data: st.DataObject) -> None:
    """Up to two layers an axis, two taps for every output element."""
    assume((fy, fx) != (1, 1))
    x = distinct(np.random.default_rng(0), 2, 3, 2 * rows, data.draw(st.sampled_from([2, 4, 8])))
    layers = resize(x, [1.0, 1.0, fy, fx], mode="linear", coordinate_transformation_mode=rule)
    assert all(layer.kind == "exact" and layer.operator_type == "Pooling" for layer in layers)
    assert sum(layer.operations for layer in layers) == 2 * (x.size * fy * (fy != 1) + x.size * fy * fx * (fx != 1))


def test_aligned_corners_are_exact_while_windows_are_few() -> None:
    layers = resize(distinct(np.random.default_rng(0), 1, 2, 3, 4), [1.0, 1.0, 3.0, 2.0], mode="linear",
                    coordinate_transformation_mode="align_corners")  # fmt: skip
    assert {layer.kind for layer in layers} == {"exact"}


@pytest.mark.parametrize("rule", PERIODIC)
@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_cubic_has_four_taps(rule: str, factor: float) -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 6, 4)
    layers = resize(x, [1.0, 1.0, factor, 1.0], mode="cubic", coordinate_transformation_mode=rule, cubic_coeff_a=-0.5)
    assert all(layer.sizes["FY"] == 4 for layer in layers)
    assert sum(layer.operations for layer in layers) == 4 * x.size * factor


@pytest.mark.parametrize(("mode", "outside"), [("linear", 0), ("cubic", 0), ("cubic", 1)])
def test_smoothing_windows_grow_with_the_factor(mode: str, outside: int) -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 12, 9)
    (layer,) = resize(x, [1.0, 1.0, 1 / 3, 1.0], mode=mode, antialias=1, exclude_outside=outside)
    assert layer.kind == "exact"
    assert layer.sizes["FY"] == (7 if mode == "linear" else 13)


def test_irregular_windows_are_approximate_and_have_all_their_taps() -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 7, 5)
    sizes = {"sizes": np.asarray([1, 2, 33, 17])}
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="linear")
    compiled = compile_model(model_of([node], {"x": x}, sizes, ["y"]))
    rows, columns = (placed.layer for placed in compiled.workload.layers)
    assert (rows.kind, columns.kind) == ("approximate", "approximate")
    assert (rows.operations, columns.operations) == (2 * 2 * 33 * 5, 2 * 2 * 33 * 17)
    assert rows.inputs[0].volume(rows.sizes) == 2 * 7 * 5


@pytest.mark.parametrize(
    ("policy", "expected"), [("not_larger", (6, 9)), ("not_smaller", (8, 12)), ("stretch", (8, 9))]
)
def test_sizes_and_axes(policy: str, expected: tuple[int, int]) -> None:
    x = distinct(np.random.default_rng(0), 2, 4, 6, 3)
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="nearest", axes=[1, -2],
                            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
                            keep_aspect_ratio_policy=policy)  # fmt: skip
    compiled = compile_model(model_of([node], {"x": x}, {"sizes": np.asarray([8, 9])}, ["y"], 19))
    assert compiled.graph.shape("y")[1:3] == expected


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(("op", "opset"), [("Upsample", 7), ("Upsample", 9), ("Resize", 10)])
def test_old_versions(mode: str, op: str, opset: int) -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 3, 4)
    scales = [1.0, 1.0, 2.0, 3.0]
    if opset == 7:
        check_node(helper.make_node(op, ["x"], ["y"], mode=mode, scales=scales), {"x": x}, opset=opset)
    else:
        constants = {"s": np.asarray(scales, np.float32)}
        check_node(helper.make_node(op, ["x", "s"], ["y"], mode=mode), {"x": x}, constants, opset=opset)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("rule", RULES)
def test_the_same_size_is_a_view(mode: str, rule: str) -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 3, 4)
    nodes = [
        helper.make_node("Resize", ["x", "", "s"], ["y"], mode=mode, coordinate_transformation_mode=rule),
        helper.make_node("Relu", ["y"], ["z"]),
    ]
    compiled = compile_model(model_of(nodes, {"x": x}, {"s": np.ones(4, np.float32)}, ["z"]))
    assert [fate.status for fate in compiled.workload.nodes] == ["view", "lowered"]


def test_a_crop_is_exact_inside_and_approximate_where_it_reaches_outside() -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 4, 5)
    node = helper.make_node("Resize", ["x", "roi", "s"], ["y"], mode="linear",
                            coordinate_transformation_mode="tf_crop_and_resize")  # fmt: skip
    scales = np.asarray([1, 1, 0.5, 1], np.float32)
    roi = np.asarray([0, 0, 0.25, 0, 1, 1, 0.75, 1], np.float32)
    (layer,) = check_node(node, {"x": x}, {"roi": roi, "s": scales})
    assert layer.kind == "exact"
    constants = {"roi": roi + np.asarray([0, 0, -0.5, 0, 0, 0, 0, 0], np.float32), "s": scales}
    (placed,) = compile_model(model_of([node], {"x": x}, constants, ["y"])).workload.layers
    assert placed.layer.kind == "approximate"


@pytest.mark.parametrize("rank", [1, 2])
def test_one_and_three_spatial_axes(rank: int) -> None:
    shape = {1: (1, 2, 5), 2: (1, 2, 3, 4, 2)}[rank]
    scales = [1.0, 1.0, *([2.0] * (len(shape) - 2))]
    layers = resize(distinct(np.random.default_rng(0), *shape), scales, mode="linear")
    assert len(layers) == 2 * (len(shape) - 2)


@st.composite
def resizes(draw: st.DrawFn) -> tuple[onnx.NodeProto, np.ndarray, dict[str, np.ndarray], int]:
    """A Resize of the last one or two axes (nearest: any), by sizes or by scales, with its input and constants."""
    mode = draw(st.sampled_from(["nearest", "linear", "cubic"]))
    shape = draw(
        st.sampled_from([(7,), (5, 1), (1, 6), (3, 4, 5), (1, 2, 5, 7), (1, 3, 1, 4), (2, 1, 6, 1), (1, 2, 3, 1, 4)])
    )
    opset = draw(st.sampled_from([11, 13, 18, 19]))
    rules = [*RULES[:3], "align_corners", "tf_crop_and_resize"]
    rules += ["half_pixel_symmetric"] if opset >= 19 else ["tf_half_pixel_for_nn"] if opset == 11 else []
    rule = draw(st.sampled_from(rules))
    rounding = draw(st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]))
    attributes: dict[str, Attribute] = {"mode": mode, "coordinate_transformation_mode": rule, "nearest_mode": rounding}
    attributes["cubic_coeff_a"] = draw(st.sampled_from([-0.75, -0.5]))
    attributes["exclude_outside"] = draw(st.integers(0, 1)) if mode == "cubic" else 0
    resized = draw(st.sets(st.sampled_from(range(len(shape))[-2:]), min_size=1))
    listed = list(range(len(shape)))
    if opset >= 18:
        attributes["antialias"] = draw(st.integers(0, 1)) if mode != "nearest" else 0
        if draw(st.booleans()):
            listed = draw(st.permutations(sorted(resized)))
            attributes["axes"] = [axis - draw(st.sampled_from([0, len(shape)])) for axis in listed]
    out = {axis: draw(st.integers(1, 12)) if axis in resized else shape[axis] for axis in listed}
    begin, end = draw(st.sampled_from([0.0, 0.25, -0.2])), draw(st.sampled_from([1.0, 0.75, 1.3]))
    roi = [begin if axis in resized else 0.0 for axis in listed] + [end if axis in resized else 1.0 for axis in listed]
    constants = {"roi": np.asarray(roi if rule == "tf_crop_and_resize" else [], np.float32)}
    if draw(st.booleans()):
        if opset >= 18:
            attributes["keep_aspect_ratio_policy"] = draw(st.sampled_from(["stretch", "not_larger", "not_smaller"]))
        constants |= {"scales": np.zeros(0, np.float32), "sizes": np.asarray([out[axis] for axis in listed])}
    else:
        constants["scales"] = np.asarray([out[axis] / shape[axis] for axis in listed], np.float32)
    x = distinct(np.random.default_rng(0), *shape)
    return make_node("Resize", ["x", *constants], ["y"], **attributes), x, constants, opset


@settings(max_examples=150, deadline=None)
@given(resizes())
def test_verify_finds_nothing_in_any_form(case: tuple[onnx.NodeProto, np.ndarray, dict[str, np.ndarray], int]) -> None:
    node, x, constants, opset = case
    model = model_of([node], {"x": x}, constants, ["y"], opset)
    try:
        onnxruntime_run(model, {"x": x})
    except Exception as refused:  # cubic of three axes, a size of 0 ...
        assume("mode only supports" not in str(refused) and "positive" not in str(refused))
        raise
    result = verify(compile_model(model))
    assert (result.mismatches, result.not_checkable) == ((), ())


def test_columns_that_are_skipped_are_not_made() -> None:
    """Two of four rows and columns are read: sixteen elements of each channel's 64, and nothing lies between."""
    x = distinct(np.random.default_rng(0), 1, 3, 8, 12)
    layers = resize(x, [1.0, 1.0, 0.25, 0.25], mode="linear")
    assert [layer.sizes for layer in layers] == [{"B": 1, "G": 3, "OX": 3, "OY": 2, "FX": 2, "FY": 2, "PX": 1, "PY": 1}]
    assert layers[0].inputs[0].volume(layers[0].sizes) == 3 * (2 * 2) * (3 * 2)


def test_an_axis_that_skips_goes_first() -> None:
    """The columns that nobody reads are not resized along the other axis."""
    x = distinct(np.random.default_rng(0), 1, 2, 3, 8)
    columns, *rows = resize(x, [1.0, 1.0, 2.0, 0.25], mode="linear")
    assert (columns.sizes["OY"], columns.sizes["OX"]) == (3, 2)
    assert {row.sizes["OX"] for row in rows} == {2}


def test_rows_beyond_a_crop_are_not_made() -> None:
    x = distinct(np.random.default_rng(0), 1, 2, 3, 9)
    node = helper.make_node("Resize", ["x", "roi", "", "sizes"], ["y"], mode="linear",
                            coordinate_transformation_mode="tf_crop_and_resize")  # fmt: skip
    constants = {"roi": np.asarray([0, 0, 0, 0, 1, 1, 1, 0.5], np.float32), "sizes": np.asarray([1, 2, 5, 5])}
    layers = check_node(node, {"x": x}, constants)
    read = [layer.sizes["OX"] for layer in layers if layer.output.tensor == "y/axis2"]
    assert set(read) == {6}  # the first 0..5 of 9 columns: 0.5 * 8 is column 4, and its window has two taps


def test_sizes_are_products_in_single_precision() -> None:
    """In float32 5 * 2.6 is 13; the float32 next to 2.6 is a little less, and so would be the exact product."""
    x = distinct(np.random.default_rng(0), 1, 2, 5, 3)
    model = model_of(
        [helper.make_node("Resize", ["x", "", "s"], ["y"])],
        {"x": x},
        {"s": np.asarray([1, 1, 2.6, 1], np.float32)},
        ["y"],
    )
    assert compile_model(model).graph.shape("y") == onnxruntime_run(model, {"x": x})["y"].shape == (1, 2, 13, 3)


def test_an_axis_of_scale_one_stays_as_it_is() -> None:
    """As in onnxruntime: a crop of the columns alone changes no column while their number stays."""
    x = distinct(np.random.default_rng(0), 1, 1, 4, 5)
    node = helper.make_node("Resize", ["x", "roi", "s"], ["y"], mode="linear",
                            coordinate_transformation_mode="tf_crop_and_resize")  # fmt: skip
    roi = np.asarray([0, 0, 0, 0.25, 1, 1, 1, 0.75], np.float32)
    layers = check_node(node, {"x": x}, {"roi": roi, "s": np.asarray([1, 1, 2, 1], np.float32)})
    assert all("FX" not in layer.sizes for layer in layers)
