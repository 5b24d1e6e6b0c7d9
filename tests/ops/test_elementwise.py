"""Element-wise operators against onnxruntime."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.ops.unary import UNARY
from tests.oracle import check_node, distinct

OPSET_OF = {"HardSwish": 14, "Mish": 18}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Add", "Sub", "Mul", "Div", "Pow", "PRelu"]), st.lists(st.integers(1, 4), max_size=4), st.data()
)
def test_broadcasting(op: str, shape: list[int], data: st.DataObject) -> None:
    other = [data.draw(st.sampled_from([1, size])) for size in shape[data.draw(st.integers(0, len(shape))) :]]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, y = distinct(rng, *shape), distinct(rng, *other)
    if op != "PRelu" and data.draw(st.booleans()):
        x, y = y, x
    if op in ("Div", "Pow"):
        x, y = np.asarray(x + np.float32(2.0)), np.asarray(y + np.float32(2.0))
    check_node(helper.make_node(op, ["x", "y"], ["z"]), {"x": x, "y": y})


@pytest.mark.parametrize(("op", "count"), [("Max", 3), ("Min", 2), ("Sum", 4), ("Mean", 3), ("Sum", 1), ("Mean", 1)])
def test_many_operands_are_a_chain(op: str, count: int) -> None:
    """n operands, each broadcast to the others, are n-1 binary layers."""
    rng = np.random.default_rng(0)
    shapes = [(4, 1, 3), (2, 3), (1,), (4, 2, 1)]
    inputs = {f"x{i}": distinct(rng, *shapes[i]) for i in range(count)}
    layers = check_node(helper.make_node(op, list(inputs), ["z"]), inputs)
    assert len(layers) == max(1, count - 1)


WIDE, NARROW = (np.int32, np.uint32), (np.int8, np.int16, np.uint8, np.uint16)
ON_INTEGERS = (
    [(op, dtype) for op in ("Add", "Sub", "Mul", "Div", "BitwiseNot") for dtype in WIDE]
    + [("BitwiseNot", dtype) for dtype in NARROW]  # onnxruntime has no arithmetic on narrow ones
)


@pytest.mark.parametrize(("op", "dtype"), ON_INTEGERS)
def test_integers_are_truncated_and_come_round(
    op: str, dtype: type[np.int16] | type[np.int32] | type[np.int8] | type[np.uint16] | type[np.uint32] | type[np.uint8]
) -> None:
    rng, info = np.random.default_rng(0), np.iinfo(dtype)
    x, y = (rng.integers(info.min, info.max, (3, 5), dtype, endpoint=True) for _ in range(2))
    y[y == 0] = 3
    if op == "Div":
        y = (y // 2**20 + 3).astype(dtype)
    given = {"x": x} if op == "BitwiseNot" else {"x": x, "y": y}
    check_node(helper.make_node(op, [*given], ["z"]), given, opset=18)


@pytest.mark.parametrize("bounds", [("low", "high"), ("low", ""), ("", "high")])
@pytest.mark.parametrize("constant", [(), ("low",), ("low", "high")])
def test_clip_takes_bounds_that_a_run_decides(bounds: tuple[str, str], constant: tuple[str, ...]) -> None:
    values = {"low": np.float32(-0.2), "high": np.float32(0.3)}
    given = {name: np.asarray(values[name]) for name in bounds if name}
    names = {n: v for n, v in given.items() if n in constant}
    inputs = {"x": distinct(np.random.default_rng(0), 2, 3, 4)} | {n: v for n, v in given.items() if n not in names}
    layers = check_node(helper.make_node("Clip", ["x", *bounds], ["y"]), inputs, names)
    assert len(layers) <= max(1, len(given))


TESTED_ELSEWHERE = {"Affine", "ScaledTanh", "Not", "Clip", "BitwiseNot", "Swish"}


@pytest.mark.parametrize("op", sorted(set(UNARY) - TESTED_ELSEWHERE))
def test_functions(op: str) -> None:
    x = distinct(np.random.default_rng(0), 2, 3, 5) * 4
    if op in ("Log", "Sqrt", "Acosh"):
        x = np.abs(x) + np.float32(op == "Acosh")
    if op in ("Asin", "Acos", "Atanh"):
        x = x / 4
    (layer,) = check_node(helper.make_node(op, ["x"], ["z"]), {"x": x}, opset=22)
    assert layer.macs == 0


def test_clip_takes_its_bounds_from_constants() -> None:
    x = distinct(np.random.default_rng(0), 2, 3, 5) * 4
    bounds = {"low": np.float32(-0.5), "high": np.float32(1.25)}
    constants = {name: np.asarray(value) for name, value in bounds.items()}
    check_node(helper.make_node("Clip", ["x", "low", "high"], ["z"]), {"x": x}, constants)
    check_node(helper.make_node("Clip", ["x", "", "high"], ["z"]), {"x": x}, {"high": constants["high"]})


def test_batch_norm_alone_is_a_scale_and_a_shift() -> None:
    rng = np.random.default_rng(0)
    constants = {name: distinct(rng, 3) for name in ("scale", "shift", "mean")} | {"var": np.abs(distinct(rng, 3))}
    node = helper.make_node("BatchNormalization", ["x", *constants], ["y"], epsilon=1e-3)
    assert len(check_node(node, {"x": distinct(rng, 2, 3, 4, 5)}, constants)) == 2


@pytest.mark.parametrize("op", ["GreaterOrEqual", "LessOrEqual"])
def test_comparisons_whose_schema_infers_no_shape(op: str) -> None:
    """Version 12 of both is a function without shape inference."""
    rng = np.random.default_rng(0)
    check_node(
        helper.make_node(op, ["x", "y"], ["z"]), {"x": distinct(rng, 4, 1, 3), "y": distinct(rng, 2, 3)}, opset=12
    )
