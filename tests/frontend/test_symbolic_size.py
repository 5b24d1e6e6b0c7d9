"""Expressions in symbols, as exporters write sizes, against Python's own arithmetic; and `--dim` that binds them."""

import math
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.symbolic_size import size_of, symbols_in
from onnx2zz.lowering.options import LoweringOptions
from tests.nodes import make_node

EXPRESSIONS: dict[str, Callable[[int, int], int]] = {
    "2*u0 + 1": lambda u0, s1: 2 * u0 + 1,
    "(s1 - 1)//2 + u0": lambda u0, s1: (s1 - 1) // 2 + u0,
    "u0*s1": lambda u0, s1: u0 * s1,
    "Max(u0, s1)": lambda u0, s1: max(u0, s1),
    "ceiling(u0/3)": lambda u0, s1: math.ceil(u0 / 3),
    "FloorDiv(u0 + s1, 2)": lambda u0, s1: (u0 + s1) // 2,
    "floor(s1/2) + 1": lambda u0, s1: s1 // 2 + 1,
    "Mod(u0, 5) + s1**2": lambda u0, s1: u0 % 5 + s1**2,
    "-(-u0)": lambda u0, s1: u0,
}


@pytest.mark.parametrize("axis", EXPRESSIONS)
@given(u0=st.integers(1, 400), s1=st.integers(1, 400))
def test_an_expression_is_what_python_makes_of_it(axis: str, u0: int, s1: int) -> None:
    assert size_of(axis, {"u0": u0, "s1": s1}) == EXPRESSIONS[axis](u0, s1)
    assert symbols_in(axis) == {name for name in ("u0", "s1") if name in axis}


NO_SIZES = [
    *("u0 - 9", "u0/2", "u0/0", "u0 % 0", "u0**99", "9**8**7", "1.5*u0", "u0 if u0 else 1", "__import__('os')"),
    *("u0.real", "f(u0)", "max(*u0)", "u0 and 1", "\x00", "(" * 2000),
]


@pytest.mark.parametrize("axis", NO_SIZES)
def test_what_is_no_size_stays_open(axis: str) -> None:
    assert size_of(axis, {"u0": 7}) is None


def test_a_symbol_that_reads_like_an_expression_can_be_bound_as_a_whole() -> None:
    """As some exporters name axes: `batch-size`, `past + sequence`."""
    assert size_of("past + sequence", {"past + sequence": 12}) == 12
    assert size_of("unk__922", {"unk__922": 3}) == 3
    assert symbols_in("a name") == {"a name"}


def model(rows: str, columns: str) -> onnx.ModelProto:
    """A product of `rows` rows in front of an operator that nobody knows, and one of the declared shape behind it."""
    info = onnx.helper.make_tensor_value_info
    nodes = [
        make_node("MatMul", ["x", "w"], ["a"], name="first"),
        make_node("Gate", ["a"], ["g"], domain="my.lab"),
        make_node("MatMul", ["g", "v"], ["y"], name="second"),
    ]
    weights = {"w": np.zeros((5, 3), np.float32), "v": np.zeros((4, 6), np.float32)}
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [info("x", onnx.TensorProto.FLOAT, [rows, 5])],
        [info("y", onnx.TensorProto.FLOAT, [columns, 6])],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
        value_info=[info("g", onnx.TensorProto.FLOAT, [columns, 4])],
    )
    imports = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("my.lab", 1)]
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=9)


def macs(of: onnx.ModelProto, **dims: int) -> int:
    options = CompileOptions(Bindings(dims=dims), LoweringOptions(unsupported="host"))
    return compile_model(of, options).workload.macs


def test_a_dim_binds_expressions_of_inputs_and_of_what_the_file_declares() -> None:
    assert macs(model("u0", "2*u0 + 1"), u0=7) == 7 * 5 * 3 + 15 * 4 * 6
    assert macs(model("2*u0", "u0 + s1"), u0=3, s1=8) == 6 * 5 * 3 + 11 * 4 * 6


def test_open_symbols_are_named_one_by_one() -> None:
    with pytest.raises(InputError, match=r"its shape \(s1 - 1\)//2 \+ u0x5 is open; add --dim s1=N --dim u0=N"):
        macs(model("(s1 - 1)//2 + u0", "s1"))


def test_symbols_that_make_no_size_are_said() -> None:
    with pytest.raises(InputError, match="its shape u0 - 9x5 is no shape for u0=7"):
        macs(model("u0 - 9", "u0"), u0=7)
