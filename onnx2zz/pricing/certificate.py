"""How good a mapping is, proven: what it costs, and what any other of a stated space costs at least."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from onnx2zz.zigzag.objective import ObjectiveName


@dataclass(frozen=True)
class Certificate:
    """Of a layer, or of all. `price` and `bound` in the unit of `objective`: what was found, and what no mapping of
    `space` is below; `gap` is price / bound - 1, None where nothing is known.

    Of the unrollings of the space, `priced` have a price, `bounded` are dearer than the one that was found whatever
    their loop ordering, and of those that are `left` only the bound is known.
    """

    objective: ObjectiveName
    price: float
    bound: float
    gap: float | None
    priced: int
    bounded: int
    left: int
    space: str


def gap_of(price: float, bound: float) -> float | None:
    """How much more the price is than the bound, as a share of it; None where it is no share."""
    if bound > 0:
        return price / bound - 1
    # A bound of 0 proves nothing of a price above it, and everything of a price of 0.
    return None if price > 0 else 0.0


def summed(certificates: Sequence[Certificate]) -> Certificate | None:
    """Of layers that run one after the other: sums of prices and bounds."""
    if not certificates:
        return None
    price, bound = (sum(values) for values in zip(*((one.price, one.bound) for one in certificates), strict=True))
    counts = (sum(getattr(one, name) for one in certificates) for name in ("priced", "bounded", "left"))
    priced, bounded, left = counts
    objective = certificates[0].objective
    return Certificate(objective, price, bound, gap_of(price, bound), priced, bounded, left, _spaces(certificates))


def _spaces(certificates: Iterable[Certificate]) -> str:
    return "; ".join(dict.fromkeys(one.space for one in certificates))
