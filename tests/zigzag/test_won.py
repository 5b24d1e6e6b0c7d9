"""Winners that are known are those of the very same search."""

from dataclasses import replace

import numpy as np
import pytest
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.search.loop_factors import LoopFactors
from onnx2zz.zigzag.search.nest import Nest
from onnx2zz.zigzag.search.objective import Candidate
from onnx2zz.zigzag.search.search import read
from onnx2zz.zigzag.search.winners import best_orderings
from onnx2zz.zigzag.search.won import KNOWN, MOST, Known, Won
from tests.zigzag.search.examples import examples

UNEVEN, EVEN = TemporalMappingType.UNEVEN, TemporalMappingType.EVEN
SETTINGS = examples()
WON = Won(Candidate(3, (), 1.0, 2.0), 7)


@pytest.mark.parametrize("name", ["dividing", "fractions", "crowded, even"])
def test_what_is_known_is_what_is_found(name: str) -> None:
    KNOWN.found.clear()
    found = best_orderings(SETTINGS[name], ("energy",))
    assert len(KNOWN.found) == 1
    assert best_orderings(SETTINGS[name], ("energy",)) == found
    KNOWN.found.clear()
    assert best_orderings(SETTINGS[name], ("energy",)) == found


def test_nothing_is_known_of_another_search() -> None:
    known = Known()
    nest, factors = read(SETTINGS["dividing"])
    known.put(nest, factors, UNEVEN, "energy", WON)
    assert known.get(nest, factors, UNEVEN, "energy") == WON
    twice = tuple(2 * count for count in factors.loops.counts)
    level = replace(nest.operands[1].levels[0], read_energy=np.pi)
    dearer = replace(nest.operands[1], levels=(level, *nest.operands[1].levels[1:]))
    others: list[tuple[Nest, LoopFactors, TemporalMappingType, ObjectiveName]] = [
        (nest, factors, UNEVEN, "latency"),
        (nest, factors, EVEN, "energy"),
        (nest, replace(factors, loops=replace(factors.loops, counts=twice)), UNEVEN, "energy"),
        (replace(nest, drain_cycles=nest.drain_cycles + 1), factors, UNEVEN, "energy"),
        (replace(nest, operands=(nest.operands[0], dearer, *nest.operands[2:])), factors, UNEVEN, "energy"),
        (replace(nest, keeps_at_output=not nest.keeps_at_output), factors, UNEVEN, "energy"),
    ]
    for other in others:
        assert known.get(*other) is None


def test_not_more_is_kept_than_there_is_room_for() -> None:
    known = Known()
    nest, factors = read(SETTINGS["dividing"])
    for number in range(MOST + 5):
        known.put(nest, replace(factors, loops=replace(factors.loops, dims=(number,))), UNEVEN, "EDP", WON)
    assert 0 < len(known.found) <= MOST
