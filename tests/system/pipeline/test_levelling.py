"""Layers moved off what is busiest: what is counted of the change of one layer is what the whole plan comes to."""

from dataclasses import replace
from pathlib import Path

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.candidate import Candidate
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.pipeline.levelling import Level, Levelling
from onnx2zz.system.pipeline.repeating import loads
from onnx2zz.system.pipeline.residency import constants, settle
from onnx2zz.system.pipeline.ways import counts, priced, tilings
from onnx2zz.system.plan import Transfer
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from onnx2zz.system.tiling import Tiling
from tests.system.invented_prices import invented
from tests.system.pipeline.test_hand_made import COLUMNS, INPUTS, ROWS, chain, of_cores, searched
from tests.system.tiny_systems import Tiny, drawn_tiny

PLENTY = 1 << 21


def levelling(tiny: Tiny, folder: Path, most: int = 100_000) -> Levelling:
    """Of all ways that are looked at for the layers of a drawn system."""
    system = read_system(find_accelerator(str(tiny.system.write(folder, "drawn"))))
    graph = graph_of_model(compile_model(tiny.model(), name="drawn"))
    search = Search(system, graph, invented(system, graph, tiny.start, tiny.each), "latency")
    prices = search.prices[system.cores[0].id]
    cores = sorted(system.by_id)
    ways = [
        list(
            dict.fromkeys(
                way
                for number in counts(len(cores))
                for way in priced(told, tilings(told, number, PLENTY, 1, prices), prices)
            )
        )
        for told in graph.layers
    ]
    return Levelling(search, ways, cores, most=most)


def poorly_placed(search: Levelling) -> Level:
    """Each layer whole, on the first core: what there is to begin with, no change being allowed."""
    alone = {layer: next(way for way in own if way.cores == 1) for layer, own in enumerate(search.ways)}
    return replace(search, most=0).best({layer: (way, tuple(search.cores[:1])) for layer, way in alone.items()})


def whole_plan(search: Levelling, level: Level) -> list[float]:
    """Cycles of each core and link for a frame of which all weights stay, the most first."""
    plan = search.search.planned(level.choice)
    settle(plan, frozenset(one.number for one in constants(plan)))
    found = loads(plan, search.search.cycles_of(plan), search.search.system)
    return sorted((cycles for cycles in found.values() if cycles), reverse=True)


@pytest.mark.parametrize("seed", range(24))
def test_what_is_counted_of_changes_is_what_the_whole_plan_comes_to(seed: int, tmp_path: Path) -> None:
    drawn = drawn_tiny(seed)
    search = levelling(replace(drawn, system=replace(drawn.system, capacity=PLENTY)), tmp_path)
    start = poorly_placed(search)
    found = search.best(start.chosen)
    # Cycles of a frame are told by increments, one change after the other.
    assert sorted((cycles for cycles in found.busy.tolist() if cycles), reverse=True) == pytest.approx(
        whole_plan(search, found)
    )
    assert found.cost <= start.cost
    assert found.most <= start.most


def test_an_input_that_is_broadcast_comes_whole_to_all_cores_by_one_transfer(tmp_path: Path) -> None:
    search = searched(chain("conv", "1x1"), of_cores(3, (0,)), tmp_path, None)
    told = search.layers.graph.layers[0]
    cut = Tiling((("OY", 3),))
    placed = {0: Candidate(cut, (2, 0, 1), 0.0, 0.0), 1: Candidate(Tiling((("K", 3),)), (1, 2, 0), 0.0, 0.0)}
    apart = search.layers.planned(placed)
    together = search.layers.planned({**placed, 0: replace(placed[0], tiling=replace(cut, broadcast=True))})
    inputs = [[one for one in plan.transfers if one.is_input] for plan in (apart, together)]
    (whole,) = inputs[1]
    assert len(inputs[0]) > 1
    assert (whole.to, whole.bits) == ((0, 1, 2), ROWS * COLUMNS * INPUTS * 8)
    assert whole.elements == told.told("I", told.ranges({}))
    assert {tile.number for tile in whole.readers} == {tile.number for tile in together.by_layer[0]}
    others = [[told_of(one) for one in plan.transfers if not one.is_input] for plan in (apart, together)]
    assert others[0] == others[1]


def told_of(one: Transfer) -> object:
    return one.layer, one.operand, one.to, one.elements, one.bits, None if one.of is None else one.of.box
