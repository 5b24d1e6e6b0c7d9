"""Networks that are too large to be run are proven node by node, each kind once, and no worse."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.conservation.groups import groups
from onnx2zz.ir.layer import Layer
from onnx2zz.proof import by_kind, reduced
from onnx2zz.proof.result import Verification
from onnx2zz.proof.verify import verify
from tests.frontend.mixtures import by_number
from tests.nodes import make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(2)
TOKENS, WIDTH = 37, 51
BLOCKS = 3
KINDS = 7 + 2
"""Those of a block, and two of the first one, which read an input of the network."""


def network() -> onnx.ModelProto:
    """BLOCKS times a product, a norm, a gate and a sum, alike but for their names."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {"axes": np.array([-1], np.int64), "cap": np.array(0.75, np.float32)}
    x = "x"
    for number in range(BLOCKS):
        p = f"b{number}."
        constants[f"{p}w"] = distinct(RNG, WIDTH, WIDTH + 20)
        constants[f"{p}v"] = distinct(RNG, WIDTH + 20, WIDTH)
        nodes += [
            make_node("MatMul", [x, f"{p}w"], [f"{p}h"], f"{p}up"),
            make_node("Softmax", [f"{p}h"], [f"{p}s"], f"{p}gate", axis=-1),
            make_node("Mul", [f"{p}h", f"{p}s"], [f"{p}g"], f"{p}mul"),
            make_node("MatMul", [f"{p}g", f"{p}v"], [f"{p}d"], f"{p}down"),
            make_node("ReduceMean", [f"{p}d", "axes"], [f"{p}m"], f"{p}mean", keepdims=1),
            make_node("Sub", [f"{p}d", f"{p}m"], [f"{p}c"], f"{p}center"),
            make_node("Add", [x, f"{p}c"], [f"{p}o"], f"{p}sum"),
        ]
        x = f"{p}o"
    return model_of(nodes, {"x": distinct(RNG, TOKENS, WIDTH)}, constants, [x], opset=18)


@pytest.fixture(autouse=True)
def everything_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_kind, "MOST_OPERATIONS", 0)
    monkeypatch.setattr(reduced, "WORTH", 0)


def verdict(found: Verification) -> tuple[int, int, int]:
    return found.nodes_exact, found.nodes_checked, found.nodes_matched


def test_each_kind_is_run_once_and_all_are_proven() -> None:
    found = verify(compile_model(network()))
    assert found.ok and found.kinds == KINDS
    assert verdict(found) == (7 * BLOCKS,) * 3
    assert f"{KINDS} kinds of 21 nodes" in found.verdict


def test_the_points_are_the_same_on_every_run() -> None:
    compiled = compile_model(network())
    first, second = verify(compiled), verify(compiled)
    assert (first.points, first.summary) == (second.points, second.summary)


@pytest.mark.parametrize(("weights", "by_kinds"), [(1 << 60, False), (BLOCKS * 2 * WIDTH * (WIDTH + 20), True)])
def test_many_weights_are_too_much_for_a_run_whatever_the_operations(
    weights: int, by_kinds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_kind, "MOST_OPERATIONS", 1 << 60)
    monkeypatch.setattr(by_kind, "MOST_WEIGHTS", weights)
    found = verify(compile_model(network()))
    assert found.ok and found.kinds == (KINDS if by_kinds else None)


def test_a_mixture_is_proven_kind_by_kind_too() -> None:
    found = verify(compile_model(by_number()))
    assert found.ok and found.kinds is not None and found.kinds < found.nodes_exact


def with_wrong_layer(compiled: Compiled, node: str, wrong: Callable[[Layer], Layer]) -> Compiled:
    layers = tuple(
        replace(placed, layer=wrong(placed.layer)) if placed.node == node else placed
        for placed in compiled.workload.layers
    )
    return replace(compiled, workload=replace(compiled.workload, layers=layers))


def read_transposed(layer: Layer) -> Layer:
    """The second operand's axes walked by each other's loops."""
    first, second = layer.inputs
    rows, columns = second.axes
    swapped = (replace(rows, terms=columns.terms), replace(columns, terms=rows.terms))
    return replace(layer, inputs=(first, replace(second, axes=swapped)))


def reduced_by_maximum(layer: Layer) -> Layer:
    return replace(layer, reduce="max")


@pytest.mark.parametrize("wrong", [read_transposed, reduced_by_maximum])
def test_one_wrong_layer_among_many_that_are_alike_is_found(wrong: Callable[[Layer], Layer]) -> None:
    found = verify(with_wrong_layer(compile_model(network()), "b1.down", wrong))
    assert {mismatch.node for mismatch in found.mismatches} == {"b1.down"}
    assert found.kinds == KINDS + 1


def test_what_is_wrong_with_a_kind_is_wrong_with_all_of_it() -> None:
    compiled = compile_model(network())
    for number in range(BLOCKS):
        compiled = with_wrong_layer(compiled, f"b{number}.up", reduced_by_maximum)
    found = verify(compiled)
    assert {mismatch.node for mismatch in found.mismatches} == {f"b{number}.up" for number in range(BLOCKS)}
    assert found.kinds == KINDS


def test_a_node_that_does_not_fit_the_memory_is_not_run_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduced, "WORTH", 1 << 40)
    monkeypatch.setattr(by_kind, "memory", lambda: 1000)
    found = verify(compile_model(network()))
    assert not found.ok and found.nodes_checked == 0
    assert all("GiB" in node.why for node in found.not_checkable)


def test_other_sizes_stand_in_only_where_they_make_no_difference() -> None:
    compiled = compile_model(network())
    checks = by_kind.checks_by_kind(
        {
            group.node: group
            for group in groups(compiled.graph, compiled.workload).values()
            if group.node.name in ("b0.up", "b0.mean", "b0.sum")
        },
        compiled,
        by_kind.VerifyOptions(),
        lambda done, total, name: None,
    )
    assert (checks.kinds, checks.reduced) == (3, 2), "a mean divides by how many there are"
