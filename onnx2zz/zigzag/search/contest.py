"""A contest of orderings of one layer under one spatial mapping, of which few need a price."""

from dataclasses import replace

import numpy as np
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.objective import objective as objective_of

from .arrays import Floats, Ints
from .loop_factors import LoopFactors
from .nest import Nest
from .objective import Candidate, better
from .orderings import Orderings
from .pricing import SizeTables, price, size_tables
from .search import ORDERINGS_AT_ONCE, Chunk

FIRST_LOOK = 32
"""Orderings that are priced first, those with the least bounds: the best of them says which others are worth it."""


class Contest:
    """Orderings that are priced, in any order; of the best ones the first in LOMA's order wins."""

    def __init__(self, nest: Nest, factors: LoopFactors, kind: TemporalMappingType, objective: ObjectiveName):
        self.nest, self.factors = nest, factors
        self.objective: ObjectiveName = objective
        self.even = kind == TemporalMappingType.EVEN
        self.tables: SizeTables = size_tables(nest, factors.loops)
        self.winner: Candidate | None = None
        self.priced = 0

    def enter(self, orderings: Orderings, first: int, rows: Ints) -> None:
        """Price these rows; the orderings' places begin with `first`."""
        if not len(rows):
            return
        few = orderings if len(rows) == len(orderings) else orderings.rows(rows)
        chunk = Chunk(0, self.factors.named, few, price(self.nest, self.tables, few, self.even))
        self.priced += len(chunk.prices.rows)
        if not len(chunk.prices.rows):
            return
        found = chunk.winner(self.objective)
        # Its rank among the few that were priced says nothing; what decides between equals is its place among all.
        found = replace(found, rank=first + int(rows[found.rank]))
        if self.winner is None or better(self.objective, found, self.winner) or self._earlier(found, self.winner):
            self.winner = found

    def enter_promising(self, orderings: Orderings, bounds: Floats) -> None:
        """Price those of all orderings that can still win; `bounds`: what each costs at least, none of them NaN."""
        # Not sorted: of many orderings only the few with the least bounds are wanted.
        first = np.argpartition(bounds, FIRST_LOOK)[:FIRST_LOOK] if len(bounds) > FIRST_LOOK else np.arange(len(bounds))
        # Back in LOMA's order: of equals the first one in it is ZigZag's winner, whichever bound was the least.
        self.enter(orderings, 0, np.sort(first))
        # Also equal ones: an ordering of the same price that comes earlier is ZigZag's winner.
        worth = bounds <= self.value if self.winner else bounds < np.inf
        worth[first] = False
        rows = np.flatnonzero(worth)
        for begin in range(0, len(rows), ORDERINGS_AT_ONCE):
            self.enter(orderings, 0, rows[begin : begin + ORDERINGS_AT_ONCE])

    def _earlier(self, new: Candidate, old: Candidate) -> bool:
        return new.rank < old.rank and not better(self.objective, old, new)

    @property
    def value(self) -> float:
        assert self.winner is not None
        return objective_of(self.objective).value(self.winner.energy, self.winner.latency)
