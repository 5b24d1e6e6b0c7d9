"""Groups of layers on groups of cores, against every cut of the layers and every number of cores for each part."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.system.pipeline.assignment import Assigned, Assignment, Way
from onnx2zz.system.pipeline.balance import Balance
from onnx2zz.system.tiling import Tiling

ROOM = 10_000.0


def on(cores: int, cycles: float, weights: int = 0) -> Way:
    """A way whose cores all have as much to do."""
    return Way(Tiling((("K", cores),)), (cycles,) * cores, weights, 0)


@st.composite
def networks(draw: st.DrawFn) -> list[dict[int, list[Way]]]:
    """Layers that get faster on more cores, though never in proportion."""
    layers: list[dict[int, list[Way]]] = []
    for _ in range(draw(st.integers(1, 4))):
        cycles = [draw(st.integers(40, 400)) for _ in range(3)]
        cycles.sort(reverse=True)
        layers.append({count: [on(count, cycles[count - 1])] for count in (1, 2, 3)})
    return layers


def cuts(layers: int) -> Iterator[list[range]]:
    for parts in range(layers):
        for at in combinations(range(1, layers), parts):
            ends = [0, *at, layers]
            yield [range(a, b) for a, b in pairwise(ends)]


def shortest(layers: Sequence[dict[int, list[Way]]], cores: int) -> float:
    """Of all cuts and numbers of cores, weights being none."""
    found = math.inf
    for groups in cuts(len(layers)):
        for counts in product((1, 2, 3), repeat=len(groups)):
            if sum(counts) <= cores:
                loads = [
                    sum(layers[n][count][0].cycles for n in group) for group, count in zip(groups, counts, strict=True)
                ]
                found = min(found, max(loads))
    return found


def busiest(assigned: Assigned) -> float:
    loads: dict[int, float] = {}
    for way, cores in assigned:
        assert len(set(cores)) == len(cores) == way.cores
        for core, cycles in zip(cores, way.loads, strict=True):
            loads[core] = loads.get(core, 0.0) + cycles
    return max(loads.values())


@settings(max_examples=60)
@given(layers=networks(), cores=st.integers(3, 7))
def test_no_cut_into_groups_has_a_shorter_interval(layers: list[dict[int, list[Way]]], cores: int) -> None:
    groups = Assignment(layers, range(cores), ROOM, [0] * len(layers), 0.0, math.inf).best()[0]
    found, least = busiest(groups), shortest(layers, cores)
    assert least <= found <= least * 1.002  # halving ends a thousandth away


@settings(max_examples=60)
@given(layers=networks(), cores=st.integers(3, 7))
def test_sharing_out_by_load_is_no_worse_than_one_core_and_no_better_than_possible(
    layers: list[dict[int, list[Way]]], cores: int
) -> None:
    ways = [[way for own in layer.values() for way in own] for layer in layers]
    found = busiest(Balance(ways, range(cores), ROOM, 0.0, math.inf).best())
    work = sum(min(sum(way.loads) for way in own) for own in ways)
    assert work / cores <= found * (1 + 1e-9)
    assert found <= sum(own[1][0].cycles for own in layers)


def test_weights_that_do_not_fit_together_go_to_groups_of_their_own() -> None:
    # Both layers on both cores take 60 cycles, but each core would hold 800 bits of 1000 and 1600 go through the port.
    layers = [{1: [on(1, 64, 800)], 2: [on(2, 30, 800)]}, {1: [on(1, 62, 800)], 2: [on(2, 30, 800)]}]
    groups = Assignment(layers, (5, 7), 1000.0, [800, 800], 4.0, 8.0).best()[0]
    assert [cores for _, cores in groups] == [(5,), (7,)]
    wide = Assignment(layers, (5, 7), 2000.0, [800, 800], 4.0, 8.0).best()[0]
    assert [cores for _, cores in wide] == [(5, 7), (5, 7)]
