"""The best ordering under an unrolling that divides its layer, where bounds say which orderings are worth a price."""

import numpy as np

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.unrolling import Unrolling

from .arrays import Floats
from .contest import Contest
from .objective import Candidate
from .orderings import IN_ONE_PIECE, chunks
from .promising import bounds_under, never_stops, worth_bounding
from .search import ORDERINGS_AT_ONCE, check_exact
from .whole_unrolling import Ground, Lengthened


def best_of(
    ground: Ground,
    unrolling: Unrolling,
    sizes: Lengthened,
    objective: ObjectiveName,
    bounds: Floats | None = None,
    *,
    surely: bool = False,
) -> Candidate | None:
    """The winner out of all orderings of a lengthened layer; None where none fits. `bounds`: what each ordering costs
    at least, in LOMA's order; those that cannot win are not priced then.

    Raises NotCoveredError where only ZigZag's own search has ZigZag's answer; of orderings that are not priced, nobody
    knows whether they would raise it. With `surely` all are priced where one might.
    """
    contest = Contest(ground.under(unrolling, sizes), ground.loops(unrolling, sizes), ground.mapping_type, objective)
    if surely and not never_stops(contest.nest):
        bounds = None
    loops, fixed = contest.factors.loops, contest.factors.fixed
    check_exact(contest.nest, loops)
    # Of so many orderings `least` says nothing for many candidates at once; for one it is worth asking.
    if bounds is None and worth_bounding(contest.factors):
        bounds = bounds_under(ground, unrolling, sizes, objective)
    # A cost that is NaN makes bounds NaN, and no comparison says then which orderings are worth a price.
    if bounds is None or np.isnan(bounds).any():
        place = 0
        for orderings in chunks(loops, fixed, ORDERINGS_AT_ONCE):
            contest.enter(orderings, place, np.arange(len(orderings)))
            place += len(orderings)
        return contest.winner
    if not len(bounds):
        return None
    # Nobody gives bounds of more orderings than one table holds, so that one chunk has them all, in LOMA's order.
    (orderings,) = chunks(loops, fixed, IN_ONE_PIECE)
    contest.enter_promising(orderings, bounds)
    return contest.winner
