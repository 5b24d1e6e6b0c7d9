"""The exact temporal search: the best loop ordering of a layer under one spatial mapping, out of all of LOMA's.

To price many spatial mappings of a layer, `convert` each and ask for its `best_orderings`: ZigZag's cost model does not
run. Of many orderings those that bounds rule out are not priced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.zigzag.objective import NAMES, ObjectiveName

from .contest import Contest
from .loop_factors import LoopFactors
from .nest import Nest
from .objective import Candidate, better
from .orderings import IN_ONE_PIECE, chunks
from .promising import ordering_bounds, worth_bounding
from .search import ORDERINGS_AT_ONCE, SearchedLayer, chunks_of, read
from .won import KNOWN, Won


@dataclass(frozen=True)
class Winners:
    """The best candidate for each objective, empty where no ordering fits; priced: how many of those that fit
    were priced."""

    best: Mapping[ObjectiveName, Candidate]
    priced: int


def best_orderings(
    setting: SearchedLayer, objectives: Sequence[ObjectiveName] = NAMES, rows: int = ORDERINGS_AT_ONCE
) -> Winners:
    """The winners out of all orderings, which are priced `rows` at a time.

    Raises NotCoveredError where only ZigZag's own search has ZigZag's answer.
    """
    nest, factors = read(setting)
    if len(objectives) > 1:
        return _of_all(setting, nest, factors, objectives, rows)
    (objective,) = objectives
    known = KNOWN.get(nest, factors, setting.mapping_type, objective)
    if known is not None:
        return Winners({} if known.winner is None else {objective: known.winner}, known.priced)
    found = _of_promising(setting, nest, factors, objective) if worth_bounding(factors) else None
    found = found or _of_all(setting, nest, factors, objectives, rows)
    KNOWN.put(nest, factors, setting.mapping_type, objective, Won(found.best.get(objective), found.priced))
    return found


def _of_all(
    setting: SearchedLayer, nest: Nest, factors: LoopFactors, objectives: Sequence[ObjectiveName], rows: int
) -> Winners:
    best: dict[ObjectiveName, Candidate] = {}
    priced = 0
    for chunk in chunks_of(setting, nest, factors, rows):
        priced += len(chunk.prices.rows)
        # By strict comparison, so that of equals in two chunks the earlier one stays.
        for objective in objectives if len(chunk.prices.rows) else ():
            candidate = chunk.winner(objective)
            if objective not in best or better(objective, candidate, best[objective]):
                best[objective] = candidate
    return Winners(best, priced)


def _of_promising(setting: SearchedLayer, nest: Nest, factors: LoopFactors, objective: ObjectiveName) -> Winners | None:
    bounds = ordering_bounds(setting, nest, objective)
    if bounds is None:
        return None
    contest = Contest(nest, factors, setting.mapping_type, objective)
    # In one piece, or none where no ordering meets the user's demands.
    for orderings in chunks(factors.loops, factors.fixed, IN_ONE_PIECE):
        contest.enter_promising(orderings, bounds)
    return Winners({} if contest.winner is None else {objective: contest.winner}, contest.priced)
