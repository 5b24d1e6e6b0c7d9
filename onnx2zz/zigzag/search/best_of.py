"""The best ordering under an unrolling that divides its layer, where bounds say which orderings are worth a price."""

from dataclasses import replace

import numpy as np
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.objective import objective as objective_of
from onnx2zz.zigzag.unrolling import Unrolling

from .arrays import Floats, Ints
from .loop_factors import LoopFactors
from .nest import Nest
from .objective import Candidate, better
from .orderings import REMEMBERED, Orderings, chunks
from .pricing import SizeTables, price, size_tables
from .search import ORDERINGS_AT_ONCE, Chunk, check_exact
from .whole_unrolling import Ground, Lengthened

FIRST_LOOK = 32
"""Orderings that are priced first, those with the least bounds: the best of them says which others are worth it."""


def best_of(
    ground: Ground, unrolling: Unrolling, sizes: Lengthened, objective: ObjectiveName, bounds: Floats | None = None
) -> Candidate | None:
    """The winner out of all orderings of a lengthened layer; None where none fits. `bounds`: what each ordering costs
    at least, in LOMA's order; those that cannot win are not priced then.

    Raises NotCoveredError where only ZigZag's own search has ZigZag's answer; of orderings that are not priced, nobody
    knows whether they would raise it.
    """
    contest = _Contest(ground.under(unrolling, sizes), ground.loops(unrolling, sizes), ground.mapping_type, objective)
    loops, fixed = contest.factors.loops, contest.factors.fixed
    check_exact(contest.nest, loops)
    # A cost that is NaN makes bounds NaN, and no comparison says then which orderings are worth a price.
    if bounds is None or np.isnan(bounds).any():
        place = 0
        for orderings in chunks(loops, fixed, ORDERINGS_AT_ONCE):
            contest.enter(orderings, place, np.arange(len(orderings)))
            place += len(orderings)
        return contest.winner
    if not len(bounds):
        return None
    # `least` gives no bounds of more orderings than are remembered, so that one chunk has them all, in LOMA's order.
    (orderings,) = chunks(loops, fixed, REMEMBERED)
    promising = np.argsort(bounds, kind="stable")
    # Back in LOMA's order: of equals the first one in it is ZigZag's winner, whichever bound was the least.
    contest.enter(orderings, 0, np.sort(promising[:FIRST_LOOK]))
    # Also equal ones: an ordering of the same price that comes earlier is ZigZag's winner.
    worth = bounds <= contest.value if contest.winner else bounds < np.inf
    worth[promising[:FIRST_LOOK]] = False
    contest.enter(orderings, 0, np.flatnonzero(worth))
    return contest.winner


class _Contest:
    """Orderings that are priced, in any order; of the best ones the first in LOMA's order wins."""

    def __init__(self, nest: Nest, factors: LoopFactors, kind: TemporalMappingType, objective: ObjectiveName):
        self.nest, self.factors = nest, factors
        self.objective: ObjectiveName = objective
        self.even = kind == TemporalMappingType.EVEN
        self.tables: SizeTables = size_tables(nest, factors.loops)
        self.winner: Candidate | None = None

    def enter(self, orderings: Orderings, first: int, rows: Ints) -> None:
        """Price these rows; the orderings' places begin with `first`."""
        if not len(rows):
            return
        few = orderings if len(rows) == len(orderings) else orderings.rows(rows)
        chunk = Chunk(0, self.factors.named, few, price(self.nest, self.tables, few, self.even))
        if not len(chunk.prices.rows):
            return
        found = chunk.winner(self.objective)
        # Its rank among the few that were priced says nothing; what decides between equals is its place among all.
        found = replace(found, rank=first + int(rows[found.rank]))
        if self.winner is None or better(self.objective, found, self.winner) or self._earlier(found, self.winner):
            self.winner = found

    def _earlier(self, new: Candidate, old: Candidate) -> bool:
        return new.rank < old.rank and not better(self.objective, old, new)

    @property
    def value(self) -> float:
        assert self.winner is not None
        return objective_of(self.objective).value(self.winner.energy, self.winner.latency)
