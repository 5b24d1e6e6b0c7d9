"""Energy and latency of many orderings at once, as ZigZag's cost model finds them one by one.

cost_model/cost_model.py:375-380 has the steps, :1083-1120 the sum of the latency.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .allocation import allocate
from .arrays import Floats, Ints
from .double_buffering import double_buffered
from .energy import energy
from .footprint import Tables, tile_tables
from .loading import loads, offloading, onloading
from .merge_down import Borders, merge_down
from .nest import Nest
from .orderings import Loops, Orderings
from .profiles import Profile, profile
from .stalls import activities, stall
from .traffic import cycles_per_level, flows


@dataclass(frozen=True)
class Prices:
    """rows (V,): which of the orderings fit the memories; their energy in pJ and latency in cycles, (V,) each."""

    rows: Ints
    energy: Floats
    latency: Floats


@dataclass(frozen=True)
class SizeTables:
    """Per operand: what does not depend on the order of the loops, under either unrolling."""

    fractional: tuple[Tables, ...]
    integer: tuple[Tables, ...]


def size_tables(nest: Nest, loops: Loops) -> SizeTables:
    return SizeTables(
        fractional=tuple(tile_tables(operand, operand.fractional, loops) for operand in nest.operands),
        integer=tuple(tile_tables(operand, operand.integer, loops) for operand in nest.operands),
    )


def price(nest: Nest, tables: SizeTables, orderings: Orderings, even: bool) -> Prices:
    """Raises NotCoveredError where ZigZag's cost model would raise for one of the orderings."""
    allocation = allocate(nest, tables.fractional, orderings, even)
    # What does not fit is left out before anything else is computed: most orderings of a tight memory end here, and
    # ZigZag's search passes over them, too.
    rows = np.flatnonzero(allocation.valid)
    fitting, cuts = orderings, allocation.cuts
    if len(rows) < len(orderings):
        fitting = orderings.rows(rows)
        cuts = tuple(tuple(cut[rows] for cut in levels) for levels in cuts)
    borders = [merge_down(operand, levels, fitting) for operand, levels in zip(nest.operands, cuts, strict=True)]
    shape = np.ones(len(rows))
    return Prices(rows, *(shape * value for value in _energy_and_latency(nest, tables, fitting, borders)))


def _energy_and_latency(
    nest: Nest, tables: SizeTables, orderings: Orderings, borders: Sequence[Borders]
) -> tuple[Floats, Floats]:
    cycles = [
        cycles_per_level(operand, border, nest.keeps_at_output)
        for operand, border in zip(nest.operands, borders, strict=True)
    ]
    # ZigZag prices energy with the unrolling that may be a fraction, and latency with the integer one. The periods are
    # the same for both: temporal loops do not depend on it.
    fractional, integer = _profiles(nest, tables, orderings, borders)
    passing = flows(nest, [operand.fractional for operand in nest.operands], fractional, cycles)
    spent = energy(nest, passing)

    total = float(orderings.loops.iterations)
    buffered = double_buffered(nest, fractional, borders)
    # Where every unrolling divides its loop the two are one.
    moved = passing
    if not all(operand.integer == operand.fractional for operand in nest.operands):
        moved = flows(nest, [operand.integer for operand in nest.operands], integer, cycles)
    activity = activities(nest, moved, borders, buffered)
    stalled = stall(nest, activity, total)
    load = loads(nest, integer, cycles, activity, total + stalled)
    latency = total + stalled + onloading(nest, load) + offloading(nest, load) + nest.drain_cycles
    return spent, latency


def _profiles(
    nest: Nest, tables: SizeTables, orderings: Orderings, borders: Sequence[Borders]
) -> tuple[list[Profile], list[Profile]]:
    fractional: list[Profile] = []
    integer: list[Profile] = []
    for op, operand in enumerate(nest.operands):
        cuts = borders[op].cuts
        fractional.append(profile(operand, operand.fractional, tables.fractional[op], cuts, orderings))
        same = operand.integer.levels == operand.fractional.levels
        integer.append(
            fractional[op] if same else profile(operand, operand.integer, tables.integer[op], cuts, orderings)
        )
    return fractional, integer
