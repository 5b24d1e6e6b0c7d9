"""The oracle of composed graphs: it objects to wrong sources and volumes, and to nothing in a graph that is right."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.axis import fixed
from tests.composed.bodies import FORMS, Wrap, wrapped
from tests.composed.drawing import drawn
from tests.composed.edges import wrong_edges
from tests.composed.flat import Flat, flat_model, kind_of, visible
from tests.composed.judge import judged
from tests.composed.labels import distinct, labels
from tests.composed.moved import wrongly_moved
from tests.composed.producers import Producers
from tests.composed.shrink import shrunk
from tests.composed.volumes import wrong_volumes
from tests.oracle import distinct as values
from tests.oracle import onnxruntime_run
from tests.proof.wrong import with_placed

RNG = np.random.default_rng(0)


def graph(nodes: Sequence[onnx.NodeProto], constants: dict[str, np.ndarray], outputs: Sequence[str]) -> Flat:
    """A graph on x of 1x4x6x9; a run tells the kinds of what its nodes make."""
    inputs = {"x": values(RNG, 1, 4, 6, 9)}
    bare = Flat(tuple(nodes), inputs, constants, (), {n: kind_of(v) for n, v in (inputs | constants).items()})
    model = flat_model(bare)
    model.graph.output.extend(helper.make_empty_tensor_value_info(o) for node in nodes for o in node.output)
    kinds = {name: kind_of(value) for name, value in onnxruntime_run(model, inputs).items()}
    return replace(bare, outputs=tuple(outputs), kinds={**bare.kinds, **kinds})


def branches() -> Flat:
    """Two convolutions, side by side in a Concat; a product reads the end of one and the beginning of the other."""
    nodes = [
        helper.make_node("Conv", ["x", "v"], ["a"], "left"),
        helper.make_node("Conv", ["x", "w"], ["b"], "right"),
        helper.make_node("Concat", ["a", "b"], ["c"], "join", axis=1),
        helper.make_node("Slice", ["c", "two", "five", "one"], ["s"], "cut"),
        helper.make_node("MatMul", ["s", "m"], ["y"], "product"),
        helper.make_node("Slice", ["c", "zero", "two", "one"], ["f"], "front"),
        helper.make_node("Sigmoid", ["f"], ["z"], "gate"),
    ]
    constants = {"v": values(RNG, 3, 4, 1, 1), "w": values(RNG, 5, 4, 1, 1), "m": values(RNG, 9, 7)}
    constants |= {name: np.array([n]) for n, name in ((0, "zero"), (1, "one"), (2, "two"), (5, "five"))}
    return graph(nodes, constants, ("y", "z"))


@pytest.fixture(scope="module")
def flat() -> Flat:
    return branches()


@pytest.fixture(scope="module")
def compiled(flat: Flat) -> Compiled:
    return compile_model(flat_model(flat))


def layer(compiled: Compiled, node: str) -> int:
    return next(placed.id for placed in compiled.workload.layers if placed.node == node)


def kinds(flat: Flat, compiled: Compiled) -> list[str]:
    return [finding.kind for finding in wrong_edges(Producers(flat, compiled))]


def with_source(compiled: Compiled, node: str, *sources: int | str) -> Compiled:
    placed = compiled.workload.layers[layer(compiled, node)]
    return with_placed(compiled, replace(placed, sources={**placed.sources, "I": sources}))


def test_a_product_reads_both_sides_of_a_concat(flat: Flat, compiled: Compiled) -> None:
    producers = Producers(flat, compiled)
    assert producers.of("s") == {"left", "right"}
    assert producers.of("f") == {"left"}
    assert producers.of("x") == {"input:x"} and producers.of("m") == frozenset()


def test_a_source_that_is_left_out_is_missing(flat: Flat, compiled: Compiled) -> None:
    assert "edge missing: MatMul" not in kinds(flat, compiled)
    assert "edge missing: MatMul" in kinds(flat, with_source(compiled, "product", layer(compiled, "right")))


def test_a_source_whose_elements_do_not_arrive_is_too_many(flat: Flat, compiled: Compiled) -> None:
    both = (layer(compiled, "left"), layer(compiled, "product"))
    assert "edge too many: Sigmoid" in kinds(flat, with_source(compiled, "gate", *both))
    assert "edge too many: Sigmoid" not in kinds(flat, with_source(compiled, "gate", both[0]))


def test_a_rider_rides_on_what_arrives() -> None:
    nodes = [helper.make_node("MatMul", ["x", "m"], ["a"], "product"), helper.make_node("Relu", ["a"], ["y"], "rider")]
    chain = graph(nodes, {"m": values(RNG, 9, 7)}, ("y",))
    compiled = compile_model(flat_model(chain))
    producers = Producers(chain, compiled)
    assert [producers.status(node) for node in chain.nodes] == ["lowered", "fused"]
    assert list(wrong_edges(producers)) == []
    producers.fates["rider"] = replace(producers.fates["rider"], layers=())
    assert [finding.kind for finding in wrong_edges(producers)] == ["edge missing: Relu"]


@pytest.mark.parametrize("operand", [0, 1])
def test_a_volume_that_is_short_of_what_is_read(flat: Flat, compiled: Compiled, operand: int) -> None:
    placed = compiled.workload.layers[layer(compiled, "product")]
    access = placed.layer.inputs[operand]
    still = replace(access, axes=tuple(fixed(axis.extent, axis.offset) for axis in access.axes))
    inputs = tuple(still if i == operand else a for i, a in enumerate(placed.layer.inputs))
    wrong = with_placed(compiled, replace(placed, layer=replace(placed.layer, inputs=inputs)))
    assert list(wrong_volumes(Producers(flat, compiled), compiled.entries)) == []
    assert [f.kind for f in wrong_volumes(Producers(flat, wrong), wrong.entries)] == ["volume: MatMul"]


def test_a_copy_that_reads_an_axis_backwards_is_wrongly_moved() -> None:
    turn = graph([helper.make_node("Transpose", ["x"], ["y"], "turn", perm=[3, 0, 2, 1])], {}, ("y",))
    compiled = compile_model(flat_model(turn))
    tensors = {**turn.inputs, **onnxruntime_run(flat_model(turn), turn.inputs)}
    assert list(wrongly_moved(Producers(turn, compiled), compiled.entries, tensors)) == []
    placed = compiled.workload.layers[0]
    backwards = placed.layer.inputs[0].axes[2]
    backwards = replace(backwards, terms=((backwards.terms[0][0], -1),), offset=5)
    access = replace(
        placed.layer.inputs[0], axes=(*placed.layer.inputs[0].axes[:2], backwards, placed.layer.inputs[0].axes[3])
    )
    wrong = with_placed(compiled, replace(placed, layer=replace(placed.layer, inputs=(access,))))
    assert [f.kind for f in wrongly_moved(Producers(turn, wrong), wrong.entries, tensors)] == ["moved: Transpose"]
    entry: WorkloadEntry = {**compiled.entries[0], "equation": "O[b][g][oy][ox]=I[g][oy][ox][b]*W[]"}
    (found,) = wrongly_moved(Producers(turn, compiled), (entry,), tensors)
    assert found.kind == "moved: Transpose is no entry"


def test_a_window_that_steps_over_elements_reads_only_the_others() -> None:
    node = helper.make_node("Conv", ["x", "v"], ["y"], "steps", strides=[2, 4])
    steps = graph([node], {"v": values(RNG, 3, 4, 1, 2)}, ("y",))
    compiled = compile_model(flat_model(steps))
    assert list(wrong_volumes(Producers(steps, compiled), compiled.entries)) == []
    entry: WorkloadEntry = {**compiled.entries[0], "pr_loop_sizes": [3, 3]}
    (found,) = wrong_volumes(Producers(steps, compiled), (entry,))
    assert f"'x': {4 * 3 * 4}" in found.what  # channels, rows 0 2 4, columns 0 1 4 5


def test_repeated_elements_are_counted_once_and_added_ones_belong_to_nobody() -> None:
    nodes = [
        helper.make_node("Expand", ["x", "five"], ["e"], "repeat"),
        helper.make_node("Pad", ["e", "pads"], ["p"], "pad"),
    ]
    constants = {"five": np.array([5, 4, 6, 9]), "pads": np.array([0, 0, 0, 2, 0, 0, 0, 1])}
    padded = graph(nodes, constants, ("p",))
    found = labels(padded, {}, ())
    assert found.numbers["p"].shape == (5, 4, 6, 12)
    assert distinct(found.numbers["p"]) == 4 * 6 * 9
    assert found.owners(found.numbers["p"]) == {"x"}
    assert found.owners(found.numbers["p"], np.arange(12) < 2) == frozenset()
    rewritten = labels(padded, {"p": np.arange(12) < 3}, ())
    assert rewritten.owners(rewritten.numbers["p"]) == {"x", "p"}
    assert rewritten.owners(rewritten.before["p"]) == {"x"}


@pytest.mark.parametrize("form", FORMS)
def test_a_body_changes_nothing(flat: Flat, form: str) -> None:
    wraps = (Wrap(form, frozenset({"right", "join"})), Wrap("function", frozenset({"left", "join", "cut"})))
    model = wrapped(flat, wraps)
    assert len(model.graph.node) == 4
    expected, got = (onnxruntime_run(m, flat.inputs) for m in (flat_model(flat), model))
    for name in flat.outputs:
        np.testing.assert_array_equal(got[name], expected[name])
    assert [f for f in judged(flat, wraps) if f not in judged(flat)] == []


def test_a_seed_draws_one_graph_and_another_draws_another() -> None:
    first, again, other = (flat_model(drawn(seed)).SerializeToString() for seed in (3, 3, 4))
    assert first == again != other


def test_no_two_axes_of_a_drawn_tensor_are_alike() -> None:
    for seed in range(20):
        flat = drawn(seed)
        made = onnxruntime_run(flat_model(replace(flat, outputs=visible(flat))), flat.inputs)
        for name, value in made.items():
            long = [extent for extent in value.shape if extent > 1]
            assert len(set(long)) == len(long) or not flat.kinds[name].known


def test_a_graph_shrinks_to_the_node_that_is_wrong(flat: Flat) -> None:
    def wrong(smaller: Flat, wraps: tuple[Wrap, ...]) -> bool:
        return any(node.op_type == "Sigmoid" for node in smaller.nodes)

    smallest, wraps = shrunk(flat, (Wrap("loop", frozenset({"join", "cut"})),), wrong)
    assert [node.name for node in smallest.nodes] == ["gate"]
    assert wraps == () and smallest.outputs == ("z",)
    assert onnxruntime_run(flat_model(smallest), smallest.inputs)["z"].shape == (1, 2, 6, 9)
