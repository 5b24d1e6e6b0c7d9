"""Tiles of a layer: together they are the layer, each with the padding of its own border, priced as what it is."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.emission.entry import entry
from onnx2zz.frontend.graph import Graph
from onnx2zz.ir.interpreter import all_points, elements_of, run_layers
from onnx2zz.ir.layer import Layer
from onnx2zz.system.layer_graph import graph_of_entries, graph_of_model
from onnx2zz.system.operands import Told
from onnx2zz.system.prices import cut_entry, tile_entry
from onnx2zz.system.tile import Box, cut, parts
from onnx2zz.system.tiling import Tiling, shares
from tests.oracle import distinct
from tests.system.drawn_models import WORK, Drawn, one_layer_models
from tests.system.drawn_tiles import sharings, tilings


def values_for(layers: Sequence[Layer], graph: Graph) -> dict[str, np.ndarray]:
    """Numbers for everything that layers read and none of them makes."""
    rng = np.random.default_rng(5)
    made = {layer.output.tensor for layer in layers}
    read = {tensor: None for layer in layers for tensor in sorted(layer.tensors) if tensor not in made}
    return {tensor: distinct(rng, *graph.shape(tensor)) for tensor in read}


@pytest.mark.parametrize("kind", WORK)
@settings(max_examples=15)
@given(data=st.data())
def test_tiles_give_together_what_the_layer_gives(kind: str, data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(kind))
    layers = [placed.layer for placed in drawn.compiled.workload.layers]
    tiles: list[Layer] = []
    for layer in layers:
        own = [cut(layer, share.box) for _, share in data.draw(sharings(layer, 3))]
        assert sum(tile.operations for tile in own) == layer.operations
        tiles += own
    given_values = values_for(layers, drawn.compiled.graph)
    whole, together = run_layers(layers, given_values), run_layers(tiles, given_values)
    for tensor in {layer.output.tensor for layer in layers}:
        np.testing.assert_array_equal(together[tensor], whole[tensor])


@pytest.mark.parametrize("kind", WORK)
@settings(max_examples=15)
@given(data=st.data())
def test_no_element_is_written_by_two_tiles(kind: str, data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(kind))
    for placed in drawn.compiled.workload.layers:
        written = written_by(placed.layer)
        found = [written_by(cut(placed.layer, share.box)) for _, share in data.draw(sharings(placed.layer, 3))]
        assert sorted(element for elements in found for element in elements) == sorted(written)
        assert len(set(written)) == len(written)


def written_by(layer: Layer) -> list[tuple[int, ...]]:
    """The elements of the output tensor that a layer writes, one for each point of its output's loops."""
    points = all_points(layer)
    count = len(next(iter(points.values()))) if points else 1
    axes = [np.broadcast_to(axis, (count,)).tolist() for axis in elements_of(layer.output, points)]
    return list(zip(*axes, strict=True))


@settings(max_examples=60)
@given(data=st.data())
def test_sums_that_are_cut_add_up_to_the_whole(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(data.draw(st.sampled_from(("conv", "depthwise", "gemm")))))
    (layer,) = [placed.layer for placed in drawn.compiled.workload.layers]
    summed = [loop for loop, size in layer.loops if size > 1 and loop not in layer.output.loops]
    if not summed:
        return
    loop = data.draw(st.sampled_from(summed))
    given_values = values_for([layer], drawn.compiled.graph)
    whole = run_layers([layer], given_values)[layer.output.tensor]
    pieces = parts(layer.sizes[loop], data.draw(st.integers(2, 4)))
    partial = [run_layers([cut(layer, Box(((loop, part),)))], given_values)[layer.output.tensor] for part in pieces]
    np.testing.assert_allclose(sum(partial), whole, rtol=1e-12, atol=1e-12)


@settings(max_examples=80)
@given(data=st.data())
def test_a_tile_has_the_padding_of_its_own_border_only(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(data.draw(st.sampled_from(("conv", "pool", "depthwise", "transposed")))))
    for placed in drawn.compiled.workload.layers:
        layer = placed.layer
        for _, share in data.draw(sharings(layer, 3)):
            tile = cut(layer, share.box)
            ranges = share.box.of(layer)
            for axis, mine in zip(layer.inputs[0].axes, tile.inputs[0].axes, strict=True):
                reached = [0]
                for loop, step in axis.terms:
                    start, size = ranges[loop]
                    reached = [r + step * i for r in reached for i in range(start, start + size)]
                reached = [r + axis.offset for r in reached]
                before, after = max(0, -min(reached)), max(0, max(reached) - axis.extent + 1)
                assert mine.padding(tile.sizes) == (before, after)


def test_seven_rows_on_four_cores_are_two_two_two_and_one() -> None:
    assert parts(7, 4) == [(0, 2), (2, 2), (4, 2), (6, 1)]


@given(size=st.integers(1, 60), pieces=st.integers(1, 9), grain=st.integers(1, 7))
def test_parts_are_the_loop_once_and_in_whole_grains(size: int, pieces: int, grain: int) -> None:
    found = parts(size, pieces, grain)
    assert [n for start, length in found for n in range(start, start + length)] == list(range(size))
    assert len(found) == min(pieces, -(-size // grain))
    assert all(start % grain == 0 for start, _ in found)
    lengths = [-(-length // grain) for _, length in found]
    assert max(lengths) - min(lengths) <= 1


@settings(max_examples=60)
@given(data=st.data())
def test_each_place_of_a_tiling_has_one_tile_in_each_turn(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models("conv"))
    layer = drawn.compiled.workload.layers[0].layer
    tiling: Tiling = data.draw(tilings(layer))
    found = shares(layer, tiling)
    assert len({(share.turn, share.place) for share in found}) == len(found)
    assert all(0 <= share.place < tiling.cores for share in found)
    assert [share.turn for share in found] == sorted(share.turn for share in found)
    assert sum(prod(size for _, size in share.box.of(layer).values()) for share in found) == layer.operations


@settings(max_examples=150)
@given(data=st.data())
def test_a_tile_of_a_workload_file_has_the_entry_of_the_models_tile(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(data.draw(st.sampled_from(sorted(WORK)))))
    of_model, of_file = graph_of_model(drawn.compiled), graph_of_entries(drawn.compiled.entries)
    for told, by_file, whole in zip(of_model.layers, of_file.layers, of_model.entries, strict=True):
        for _, share in data.draw(sharings(told.placed.layer, 3)):
            ours, theirs = tile_entry(told, whole, share.box), cut_entry(whole, by_file, share.box)
            assert facts(ours) == facts(theirs), share.box


def facts(made: Mapping[str, object]) -> dict[str, object]:
    """What a tile is priced by: everything but names, loops by name."""
    return {key: value for key, value in made.items() if key not in ("name", "id")}


@settings(max_examples=40)
@given(data=st.data())
def test_a_box_that_is_the_whole_layer_has_the_layers_own_entry(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(data.draw(st.sampled_from(sorted(WORK)))))
    graph = graph_of_model(drawn.compiled)
    for told, whole in zip(graph.layers, graph.entries, strict=True):
        box = Box(tuple((loop, (0, size)) for loop, size in told.placed.layer.loops[:2]))
        assert tile_entry(told, whole, box) is whole
        assert entry(told.placed) == whole


@settings(max_examples=40)
@given(data=st.data())
def test_volumes_of_a_tile_are_what_its_operands_touch(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(one_layer_models(data.draw(st.sampled_from(("conv", "pool", "gemm", "sum")))))
    graph = graph_of_model(drawn.compiled)
    for told in graph.layers:
        for _, share in data.draw(sharings(told.placed.layer, 3)):
            assert sizes_told(told, share.box) == sizes_walked(told, share.box)


def sizes_told(told: Told, box: Box) -> list[int]:
    tile = cut(told.placed.layer, box)
    return [access.volume(tile.sizes) for access in (tile.output, *tile.inputs)]


def sizes_walked(told: Told, box: Box) -> list[int]:
    """The distinct elements inside each tensor that the points of a box touch, point by point."""
    layer, ranges = told.placed.layer, box.of(told.placed.layer)
    walks = np.meshgrid(*(np.arange(start, start + size) for start, size in ranges.values()), indexing="ij")
    grid = {loop: walk.ravel() for loop, walk in zip(ranges, walks, strict=True)}
    found: list[int] = []
    for access in (layer.output, *layer.inputs):
        axes = [np.broadcast_to(axis, walks[0].size) for axis in elements_of(access, grid)]
        points = np.stack(axes, axis=1) if axes else np.zeros((walks[0].size, 0), int)
        inside = np.all((points >= 0) & (points < [axis.extent for axis in access.axes]), axis=1)
        found.append(len(np.unique(points[inside], axis=0)))
    return found
