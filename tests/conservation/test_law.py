"""A workload that contradicts its model is never written, whatever broke it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz import compiler
from onnx2zz.cli.main import run
from onnx2zz.compiler import compile_model
from onnx2zz.errors import BrokenLawError
from onnx2zz.frontend.graph import Graph
from onnx2zz.ir.workload import PlacedLayer, Workload
from onnx2zz.lowering.options import LoweringOptions
from tests.model_files import save_model
from tests.oracle import distinct, model_of


def branches() -> onnx.ModelProto:
    """Two convolutions of one input, their sum, and a product behind a view and a host's neighbour."""
    rng = np.random.default_rng(3)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "left", kernel_shape=[3, 5], pads=[1, 2, 1, 2]),
        helper.make_node("Conv", ["x", "v"], ["b"], "right", strides=[1, 1]),
        helper.make_node("Add", ["a", "b"], ["s"], "sum"),
        helper.make_node("TopK", ["s", "k"], ["top", "at"], "top"),
        helper.make_node("Flatten", ["s"], ["f"], "flat", axis=1),
        helper.make_node("Gemm", ["f", "m"], ["y"], "product"),
    ]
    weights = {"w": distinct(rng, 4, 2, 3, 5), "v": distinct(rng, 4, 2, 1, 1), "m": distinct(rng, 4 * 6 * 7, 3)}
    constants = weights | {"k": np.asarray([2])}
    return model_of(nodes, {"x": distinct(rng, 1, 2, 6, 7)}, constants, ("y", "top"))


def layer(workload: Workload, node: str, change: Callable[[PlacedLayer], PlacedLayer]) -> Workload:
    return replace(workload, layers=tuple(change(p) if p.node == node else p for p in workload.layers))


def without_a_source(workload: Workload) -> Workload:
    return layer(workload, "product", lambda p: replace(p, sources={**p.sources, "I": ("const",)}))


def exchanged_sources(workload: Workload) -> Workload:
    return layer(workload, "sum", lambda p: replace(p, sources={"I": p.sources["W"], "W": p.sources["I"]}))


def one_source_more(workload: Workload) -> Workload:
    return layer(workload, "product", lambda p: replace(p, sources={**p.sources, "I": (1, *p.sources["I"])}))


def an_iteration_more(placed: PlacedLayer) -> PlacedLayer:
    loops = tuple((name, size + (name == "C")) for name, size in placed.layer.loops)
    return replace(placed, layer=replace(placed.layer, loops=loops))


def a_wider_output(placed: PlacedLayer) -> PlacedLayer:
    loops = tuple((name, size + (name == "OX")) for name, size in placed.layer.loops)
    return replace(placed, layer=replace(placed.layer, loops=loops))


BROKEN: dict[str, tuple[Callable[[Workload], Workload], str]] = {
    "a source dropped": (without_a_source, "node product, sources of I: const instead of 2"),
    "sources exchanged": (exchanged_sources, "node sum, sources of I: 1 instead of 0"),
    "a source invented": (one_source_more, "node product, sources of I: 1, 2 instead of 2"),
    "an iteration too many": (
        lambda w: layer(w, "product", an_iteration_more),
        "node product, MACs: 507 instead of 504",
    ),
    "an output that leaves its tensor": (
        lambda w: layer(w, "left", a_wider_output),
        "node left, O: elements beyond it",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_workload_is_a_bug_of_ours_and_not_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    breaks, says = BROKEN[name]
    right = compiler.lower

    def broken(graph: Graph, options: LoweringOptions) -> Workload:
        return breaks(right(graph, options))

    monkeypatch.setattr(compiler, "lower", broken)
    file, out = tmp_path / "branches.onnx", tmp_path / "out"
    save_model(branches(), file)
    for command in (["compile"], ["evaluate", "--arch", "seneca"]):
        assert run([*command, str(file), "-o", str(out)]) == 70
        said = capsys.readouterr().err
        assert "a bug of onnx2zz" in said
        assert says in said
    assert not list(out.rglob("*.yaml")) and not list(out.rglob("*.json"))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("equation", "O[b][k][g][oy][ox]+=I[b][g][oy][ox]*W[g][k][c][fy][fx]", "volume of I: 42 instead of 84"),
        ("pr_loop_sizes", [6, 6], "volume of I"),
        ("operand_source", {"W": 0, "I": 7}, "operand_source of I: 7 instead of 0"),
        ("loop_sizes", [1, 5, 1, 7, 6, 2, 5, 3], "MACs"),
    ],
)
def test_an_entry_that_says_other_than_its_layer_is_not_written(
    field: str, value: object, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = compiler.entry

    def another(placed: PlacedLayer) -> dict[str, object]:
        return {**right(placed), **({field: value} if placed.node == "left" else {})}

    monkeypatch.setattr(compiler, "entry", another)
    with pytest.raises(BrokenLawError, match="node left") as broken:
        compile_model(branches())
    assert says in str(broken.value)


def test_what_is_right_holds_the_law() -> None:
    compiled = compile_model(branches())
    assert [placed.node for placed in compiled.workload.layers] == ["left", "right", "sum", "product"]
    assert compiled.workload.macs == 1 * 4 * 6 * 7 * 2 * 3 * 5 + 1 * 4 * 6 * 7 * 2 + 4 * 6 * 7 * 3


def test_a_phase_of_one_element_counts_what_it_stands_for() -> None:
    """A ConvTranspose whose second phase has one output, and another that a pad cuts off: it is no layer, and its
    share of 2 elements x 2 weights is two all the same."""
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2], pads=[0, 1])
    rng = np.random.default_rng(4)
    compiled = compile_model(model_of([node], {"x": distinct(rng, 1, 1, 2)}, {"w": distinct(rng, 1, 1, 2)}, ("y",)))
    assert [placed.layer.macs for placed in compiled.workload.layers] == [2]
