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
from .won import KNOWN, Won


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
    nest, factors = ground.under(unrolling, sizes), ground.loops(unrolling, sizes)
    known = KNOWN.get(nest, factors, ground.mapping_type, objective)
    if known is not None:
        return known.winner
    contest = Contest(nest, factors, ground.mapping_type, objective)
    check_exact(nest, factors.loops)
    certain = never_stops(nest)
    if surely and not certain:
        bounds = None
    # Of so many orderings `least` says nothing for many candidates at once; for one it is worth asking.
    if bounds is None and worth_bounding(factors):
        bounds = bounds_under(ground, unrolling, sizes, objective)
    # A cost that is NaN makes bounds NaN, and no comparison says then which orderings are worth a price.
    if bounds is not None and np.isnan(bounds).any():
        bounds = None
    _price(contest, bounds)
    if bounds is None or certain:
        KNOWN.put(nest, factors, ground.mapping_type, objective, Won(contest.winner, contest.priced))
    return contest.winner


def _price(contest: Contest, bounds: Floats | None) -> None:
    """All orderings, or those that can win."""
    loops, fixed = contest.factors.loops, contest.factors.fixed
    if bounds is None:
        place = 0
        for orderings in chunks(loops, fixed, ORDERINGS_AT_ONCE):
            contest.enter(orderings, place, np.arange(len(orderings)))
            place += len(orderings)
    elif len(bounds):
        # Nobody gives bounds of more orderings than one table holds, so that one chunk has them all, in LOMA's order.
        (orderings,) = chunks(loops, fixed, IN_ONE_PIECE)
        contest.enter_promising(orderings, bounds)
