"""What is moved between cores is exactly what is read and not there: by brute force over all elements."""

from collections.abc import Mapping

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.layer import Layer
from onnx2zz.system.elements import Elements, count, positions
from onnx2zz.system.layer_graph import LayerGraph, graph_of_model
from onnx2zz.system.network import CoreId
from onnx2zz.system.plan import Plan, Tile, Transfer
from onnx2zz.system.planning import plan
from tests.system.affine_pairs import AffinePair, affine_pairs
from tests.system.by_element import Numbered, Numbers, Told, numbered
from tests.system.drawn_models import WORK, Drawn, chains, regrouped
from tests.system.drawn_tiles import Placed, sharings

CORES = 4
OFFCHIP = 9
QUICK, LONG = 100, 1000
"""Drawn pairs of each test: all of 2,000 in the long suite, which has two such tests."""


def check_models(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(chains())
    graph = graph_of_model(drawn.compiled)
    layers = [told.placed.layer for told in graph.layers]
    numbers = numbered(drawn.model, drawn.compiled.graph, layers)
    judge(graph, numbers, {n: data.draw(sharings(layer, CORES)) for n, layer in enumerate(layers)})


def check_affine(data: st.DataObject) -> None:
    pair: AffinePair = data.draw(affine_pairs())
    layers = [told.placed.layer for told in pair.graph.layers]
    judge(pair.graph, pair.numbers, {n: data.draw(sharings(layer, CORES)) for n, layer in enumerate(layers)})


@settings(max_examples=QUICK)
@given(st.data())
def test_moved_bits_are_those_that_are_read_and_not_there(data: st.DataObject) -> None:
    check_models(data)


@settings(max_examples=QUICK)
@given(st.data())
def test_moved_bits_are_exact_for_any_affine_maps(data: st.DataObject) -> None:
    check_affine(data)


@pytest.mark.long
@settings(max_examples=LONG)
@given(st.data())
def test_moved_bits_are_exact_for_a_thousand_networks(data: st.DataObject) -> None:
    check_models(data)


@pytest.mark.long
@settings(max_examples=LONG)
@given(st.data())
def test_moved_bits_are_exact_for_a_thousand_affine_maps(data: st.DataObject) -> None:
    check_affine(data)


def judge(graph: LayerGraph, numbers: Numbered, shares: Mapping[int, Placed]) -> None:
    """Everything that is held of a plan."""
    made = plan(graph.layers, graph.edges, graph.results, shares, OFFCHIP)
    event(f"{len(made.hulls)} pairs of layers by their hull")
    truth = Truth(graph, numbers, made)
    truth.tiles_are_the_layers()
    truth.cores_get_what_they_read()
    truth.tiles_wait_for_what_they_read()
    truth.results_leave()
    operands_arrive(graph, made)
    resident = plan(graph.layers, graph.edges, graph.results, shares, None).resident
    assert {core: bits for core, bits in resident.items() if bits} == arriving_bits(made)


class Truth:
    """A plan beside the numbers of all elements."""

    def __init__(self, graph: LayerGraph, numbers: Numbered, made: Plan):
        self._graph, self._numbers, self._plan = graph, numbers, made
        self._made = {tile.number: numbers.made(self._layer(tile), tile.box) for tile in made.tiles}
        written = frozenset[int]().union(*self._made.values())  # steps leave elements that no layer writes
        self._read = {tile.number: numbers.read(self._layer(tile), tile.box) & written for tile in made.tiles}
        self._sent = {one.number: self._told(one.of, one.elements) for one in made.transfers if one.of is not None}

    def _layer(self, tile: Tile) -> Layer:
        return self._graph.layers[tile.layer].placed.layer

    def _told(self, tile: Tile, elements: Elements) -> Numbers:
        told = self._graph.layers[tile.layer]
        return self._numbers.told(told.placed.layer, told.indices("O"), elements)

    def tiles_are_the_layers(self) -> None:
        for layer, tiles in self._plan.by_layer.items():
            width = self._graph.layers[layer].placed.widths.O_final
            for tile in tiles:
                assert self._told(tile, tile.makes) == self._made[tile.number]
                assert tile.bits == len(self._made[tile.number]) * width

    def _known_exactly(self, maker: Tile, core: CoreId) -> bool:
        readers = {tile.layer for tile in self._plan.tiles if tile.core == core}
        return not any((maker.layer, reader) in self._plan.hulls for reader in readers)

    def cores_get_what_they_read(self) -> None:
        for maker in self._plan.tiles:
            width = self._graph.layers[maker.layer].placed.widths.O_final
            for core in range(CORES):
                arrivals = [one for one in maker.sends if core in one.to]
                got = [number for one in arrivals for number in sorted(self._sent[one.number])]
                assert len(got) == len(set(got)), "an element comes twice"
                assert sum(one.bits for one in arrivals) == len(got) * width
                if core == maker.core:
                    assert not arrivals, "a core sends to itself"
                    continue
                here = [self._read[tile.number] for tile in self._plan.tiles if tile.core == core]
                wanted = frozenset[int]().union(*here) & self._made[maker.number]
                if self._known_exactly(maker, core):
                    assert set(got) == wanted
                else:
                    assert wanted <= set(got) <= self._made[maker.number]

    def tiles_wait_for_what_they_read(self) -> None:
        for tile in self._plan.tiles:
            there = [self._made[maker] for maker in tile.follows]
            assert all(maker.core == tile.core for maker in tile.follows.values())
            for number, one in tile.needs.items():
                assert tile.core in one.to
                if one.of is not None:
                    there.append(self._sent[number])
            assert self._read[tile.number] <= frozenset[int]().union(*there)

    def results_leave(self) -> None:
        for tile in self._plan.tiles:
            leaving = [self._sent[one.number] for one in tile.sends if OFFCHIP in one.to]
            assert leaving == ([self._made[tile.number]] if tile.layer in self._graph.results else [])


def operands_arrive(graph: LayerGraph, made: Plan) -> None:
    """What no layer makes comes from off the chip: to each core what its tiles read of it, once."""
    for told, entry in zip(graph.layers, graph.entries, strict=True):
        for operand in from_outside(graph, told.placed.id, entry):
            told_by_file = Told(entry)
            arrivals = [
                one
                for one in made.transfers
                if one.of is None and (one.layer, one.operand) == (told.placed.id, operand)
            ]
            assert all(one.source == OFFCHIP for one in arrivals)
            for core in range(CORES):
                tiles = [tile for tile in made.by_layer[told.placed.id] if tile.core == core]
                wanted = [told_by_file.read(operand, dict(tile.box.ranges)) for tile in tiles]
                mine = [one for one in arrivals if core in one.to]
                assert sum(one.bits for one in mine) == sum(count(one.elements) for one in mine) * width(entry, operand)
                assert sorted(element for one in mine for element in listed(one)) == sorted(
                    set[tuple[int, ...]]().union(*wanted)
                )
                for tile, elements in zip(tiles, wanted, strict=True):
                    there = {element for one in mine if one.number in tile.needs for element in listed(one)}
                    assert elements <= there


def from_outside(graph: LayerGraph, layer: int, entry: WorkloadEntry) -> list[str]:
    """The operands of a layer that no layer makes."""
    made = {edge.operand for edge in graph.edges.get(layer, ())}
    return [o for o in ("I", "W") if o not in made and width(entry, o) and f"{o}[]" not in entry["equation"]]


def width(entry: WorkloadEntry, operand: str) -> int:
    return entry["operand_precision"][operand]


def listed(transfer: Transfer) -> list[tuple[int, ...]]:
    """The elements of a transfer, one by one."""
    found: list[tuple[int, ...]] = [()]
    for axis in transfer.elements:
        found = [(*element, position) for element in found for position in positions(axis)]
    return found


def arriving_bits(made: Plan) -> dict[CoreId, int]:
    """Bits of operands that come to each core from off the chip."""
    found: dict[CoreId, int] = {}
    for one in made.transfers:
        for core in one.to if one.of is None else ():
            found[core] = found.get(core, 0) + one.bits
    return found


@settings(max_examples=40)
@given(st.data())
def test_what_is_read_along_a_diagonal_is_sent_as_the_box_around_it_and_said_to_be(data: st.DataObject) -> None:
    pair: AffinePair = data.draw(affine_pairs(diagonals=True))
    layers = [told.placed.layer for told in pair.graph.layers]
    judge(pair.graph, pair.numbers, {n: data.draw(sharings(layer, CORES)) for n, layer in enumerate(layers)})


@settings(max_examples=60)
@given(st.data())
def test_reads_through_slices_transposes_and_concats_are_known_exactly(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(chains(work=tuple(kind for kind in WORK if kind != "gemm")))
    graph = graph_of_model(drawn.compiled)
    shares = {n: data.draw(sharings(told.placed.layer, CORES)) for n, told in enumerate(graph.layers)}
    assert not plan(graph.layers, graph.edges, graph.results, shares, OFFCHIP).hulls


@settings(max_examples=40)
@given(st.data())
def test_groups_of_one_size_read_by_groups_of_another_are_known_exactly(data: st.DataObject) -> None:
    # A run of channels is no box of groups and channels within a group: 4 to 9 of 3 groups of 5 begin in the first
    # and end in the second.
    drawn = data.draw(regrouped())
    graph = graph_of_model(drawn.compiled)
    layers = [told.placed.layer for told in graph.layers]
    shares = {n: data.draw(sharings(layer, CORES)) for n, layer in enumerate(layers)}
    assert not plan(graph.layers, graph.edges, graph.results, shares, OFFCHIP).hulls
    judge(graph, numbered(drawn.model, drawn.compiled.graph, layers), shares)
