"""The choice for one layer with a certificate."""

from dataclasses import replace

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.choice import RUNNERS_UP, Choice, choose, given_candidates
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.optimal.search import Found, Near, OptimalSearch
from onnx2zz.pricing.certificate import Certificate
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.objective import objective
from onnx2zz.zigzag.search import NotCoveredError

ENOUGH = 0.001
"""Where no gap is asked for, the search ends when nothing can be better by more than this share; not of energy alone,
whose bound is nearly always a price: there the last hundredths of a per cent cost next to nothing. Of cycles many
mappings are a hair apart, and to tell them apart takes a third longer."""
PRICES = 48
"""That a layer may take where nobody says how many: more of them seldom find anything, if the gap is still wide."""
NEAR = Near(prices=16, gap=0.01)
"""When fewer are enough, where nobody says what is: the exit code asks for no less."""


def choose_optimal(
    entry: WorkloadEntry, mapping_entry: MappingEntry, terms: ChoiceTerms, gap: float | None, budget: int | None
) -> Choice:
    """The best mapping of a layer, its loop ordering included. `gap`: the share by which another may be better for the
    search to end; `budget`: prices that it may take (None: PRICES, or as many as a `gap` needs that is asked for).

    Where only ZigZag's own search has its numbers, the choice is that of `choose`, and the certificate has no bound
    but 0.
    """
    space, given = given_candidates(entry, mapping_entry, terms)
    priced = [candidate for candidate in given if candidate.energy_pj is not None]
    refused = [candidate for candidate in given if candidate.refused]
    unsaid = gap is None and budget is None
    wanted = _enough(terms) if gap is None else gap
    prices = PRICES if unsaid else budget
    try:
        found = OptimalSearch(
            entry, mapping_entry, space, terms, priced, wanted, prices, NEAR if unsaid else None
        ).run()
    # Better a good mapping without proof than none: the certificate says why nothing is proven.
    except (PricingError, NotCoveredError) as failure:
        return _unproven(choose(entry, mapping_entry, terms), terms, str(failure))
    return Choice(
        found.best,
        (*found.others[:RUNNERS_UP], *refused[:RUNNERS_UP]),
        found.certificate.priced,
        found.enumerated,
        _reason(found, wanted),
        found.certificate if found.best else None,
    )


def _enough(terms: ChoiceTerms) -> float:
    return 0.0 if objective(terms.options.opt).is_energy else ENOUGH


def _reason(found: Found, gap: float) -> str:
    left = found.certificate.left
    # No bound was below the price when the search ended, whatever gap was asked for.
    if not left:
        return "no other is better"
    reached = found.certificate.gap
    if reached is None:
        return f"{left} may be better: they have no bound"
    at_most = f"{left} may be better, by {reached:.2%} at most"
    return at_most if reached <= gap else f"the search ended: {at_most}"


def _unproven(choice: Choice, terms: ChoiceTerms, why: str) -> Choice:
    best = choice.best
    if best is None or best.energy_pj is None or best.latency_cycles is None:
        return choice
    price = objective(terms.options.opt).value(best.energy_pj, best.latency_cycles)
    space = f"none: {why}"
    certificate = Certificate(terms.options.opt, price, 0.0, None, choice.priced, 0, choice.enumerated, space)
    return replace(choice, certificate=certificate)
