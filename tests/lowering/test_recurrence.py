"""Recurrences of today as Scan, as Loop and written out: the same work, proven, whatever the number of steps."""

from collections.abc import Callable, Sequence
from time import process_time

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.proof.verify import verify
from tests.step_networks import CELLS, FORMS, Cell, Form, conv_lif, lif, mamba, network, rwkv4, shift_register

REPEATED: Sequence[Form] = ("scan", "loop")


def assert_proven(compiled: Compiled) -> None:
    result = verify(compiled)
    assert not result.mismatches and not result.not_checkable
    assert result.nodes_matched == result.nodes_exact > 0


def steps_of(compiled: Compiled) -> list[str]:
    """The recurrent loop of each layer."""
    return [placed.layer.recurrent for placed in compiled.workload.layers]


@pytest.mark.parametrize("make", CELLS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_work_of_its_steps_and_is_proven(make: Callable[[], Cell], form: Form) -> None:
    cell = make()
    compiled = compile_model(network(cell, form, 4))
    assert compiled.workload.macs == 4 * cell.macs and not compiled.workload.incomplete
    assert_proven(compiled)


@pytest.mark.parametrize("make", CELLS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("form", REPEATED)
def test_a_state_that_nobody_asks_for_at_the_end_costs_no_copy(make: Callable[[], Cell], form: Form) -> None:
    cell = make()
    whole, without = (compile_model(network(cell, form, 3, ends)) for ends in (True, False))
    assert len(whole.entries) == len(without.entries) + len(cell.states)
    assert_proven(without)


@pytest.mark.parametrize("form", REPEATED)
@given(st.integers(2, 9), st.integers(10, 5000))
@settings(max_examples=5)
def test_layers_do_not_grow_with_the_steps(form: Form, few: int, many: int) -> None:
    cell = mamba()
    small, large = (compile_model(network(cell, form, steps)) for steps in (few, many))
    assert [p.name for p in small.workload.layers] == [p.name for p in large.workload.layers]
    assert large.workload.macs * few == small.workload.macs * many


def test_what_does_not_depend_on_a_state_is_one_product_over_all_steps() -> None:
    compiled = compile_model(network(mamba(), "scan", 7))
    products = [p.layer for p in compiled.workload.layers if p.layer.macs]
    assert [layer.recurrent for layer in products] == ["", "", "", "T", "T"]
    assert products[0].sizes == {"C": 4, "D": 7, "T": 1, "K": 12}


def test_a_token_shift_holds_nobody_up() -> None:
    """What is read a step later is there before the steps begin: all products but the last are over all of them."""
    cell = rwkv4()
    compiled = compile_model(network(cell, "loop", 6))
    products = [p.layer for p in compiled.workload.layers if p.layer.macs]
    assert [layer.recurrent for layer in products] == ["", "", "", "T"]
    assert set(steps_of(compile_model(network(shift_register(), "scan", 5)))) == {""}


def test_spikes_are_one_bit_between_the_layers_of_a_step() -> None:
    for form in REPEATED:
        compiled = compile_model(network(lif(), form, 5))
        second = [p for p in compiled.workload.layers if p.layer.macs][1]
        assert (second.widths.I, second.layer.recurrent) == (1, "T")


def test_rows_are_read_from_either_end_and_one_place_further() -> None:
    """x[t], x[t : t + 1], x[steps - 1 - t] and x[-1 - t] of one tensor, in a Loop."""
    steps = 5
    x = np.random.default_rng(0).normal(size=(2, steps, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["x", "i"], ["a"], axis=1),
        helper.make_node("Unsqueeze", ["i", "none"], ["from"]),
        helper.make_node("Add", ["from", "ones"], ["to"]),
        helper.make_node("Slice", ["x", "from", "to", "one"], ["row"]),
        helper.make_node("Squeeze", ["row", "one"], ["b"]),
        helper.make_node("Sub", ["end", "i"], ["back"]),
        helper.make_node("Gather", ["x", "back"], ["c"], axis=1),
        helper.make_node("Sub", ["minus", "i"], ["behind"]),
        helper.make_node("Gather", ["x", "behind"], ["d"], axis=1),
        helper.make_node("Sum", ["a", "b", "c"], ["three"]),
        helper.make_node("Mul", ["three", "d"], ["four"]),
        helper.make_node("Sub", ["four", "h"], ["h_out"]),
        helper.make_node("Identity", ["go"], ["go_out"]),
    ]
    number, truth = onnx.TensorProto.INT64, onnx.TensorProto.BOOL
    given = [
        helper.make_tensor_value_info("i", number, []),
        helper.make_tensor_value_info("go", truth, []),
        helper.make_tensor_value_info("h", onnx.TensorProto.FLOAT, [2, 3]),
    ]
    ends = [helper.make_tensor_value_info("go_out", truth, [])]
    ends += [helper.make_tensor_value_info("h_out", onnx.TensorProto.FLOAT, [2, 3])]
    body = helper.make_graph(nodes, "step", given, ends)
    constants = {"one": [1], "none": [0], "ones": [1], "end": steps - 1, "minus": -1, "steps": steps}
    stored = [onnx.numpy_helper.from_array(np.array(v, np.int64), name) for name, v in constants.items()]
    graph = helper.make_graph(
        [helper.make_node("Loop", ["steps", "", "h0"], ["y"], body=body)],
        "rows",
        [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in (("x", x.shape), ("h0", [2, 3]))],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2, 3])],
        stored,
    )
    compiled = compile_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10))
    assert_proven(compiled)
    assert len(compiled.entries) == 5 and steps_of(compiled) == ["", "", "", "T", ""]


def test_a_body_of_convolutions_pads_its_state() -> None:
    compiled = compile_model(network(conv_lif(), "scan", 3))
    convolution = next(p for p in compiled.workload.layers if p.layer.operator_type == "Conv")
    assert (convolution.layer.sizes["B"], convolution.layer.recurrent) == (3, "")


def test_compiling_costs_one_body() -> None:
    """A tenth more at most for a thousand times the steps, were it not for the clock: so twice is too much."""
    seconds: list[float] = []
    for steps in (4, 4096):
        model = network(mamba(), "scan", steps)
        compile_model(model)
        start = process_time()
        compile_model(model)
        seconds.append(process_time() - start)
    assert seconds[1] < 2 * seconds[0] + 0.05
