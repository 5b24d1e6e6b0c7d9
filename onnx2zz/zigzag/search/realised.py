"""Loop orderings that let ZigZag's allocator cut where a chain of borders says, and their prices.

The allocator takes an ordering of loops and cuts it where it likes best. Between two borders of a chain all factors of
a dimension are one loop, so that it cannot cut inside; the order of the dimensions is tried in several ways. A mapping
file says such an ordering as it is, and stock ZigZag prices it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from zigzag.datatypes import LayerDim
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.unrolling import Unrolling

from .chain import Placed
from .objective import first_best
from .orderings import Loops, Orderings, multisets_below
from .pricing import price, size_tables
from .search import check_exact
from .whole_unrolling import Ground, Lengthened

TRIED = 24
"""Orderings of one chain that are priced."""


@dataclass(frozen=True)
class Factor:
    """A prime factor of a loop, and how often it occurs; an axis of the lattice each."""

    dim: int
    prime: int
    times: int


@dataclass(frozen=True)
class Realised:
    """An ordering of whole loops, innermost first, with its price in pJ and cycles."""

    ordering: tuple[tuple[LayerDim, int], ...]
    energy: float
    latency: float


def best_realised(
    ground: Ground,
    unrolling: Unrolling,
    sizes: Lengthened,
    factors: Sequence[Factor],
    chains: Sequence[Sequence[Placed]],
    objective: ObjectiveName,
    floor: float = 0.0,
) -> Realised | None:
    """The best ordering of some that follow the chains; None where none fits. `floor`: no latency counts for less.

    Raises NotCoveredError.
    """
    nest = ground.under(unrolling, sizes)
    written = list(dict.fromkeys(one for chain in chains for one in _orderings(_segments(chain, factors))))
    orderings = _as_primes(written, factors)
    check_exact(nest, orderings.loops)
    even = ground.mapping_type == TemporalMappingType.EVEN
    prices = price(nest, size_tables(nest, orderings.loops), orderings, even)
    if not len(prices.rows):
        return None
    row = first_best(objective, prices.energy, np.maximum(prices.latency, floor))
    ordering = written[int(prices.rows[row])]
    named = tuple((ground.layer.layer_dims[dim], size) for dim, size in ordering)
    return Realised(named, float(prices.energy[row]), float(prices.latency[row]))


def _segments(chain: Sequence[Placed], factors: Sequence[Factor]) -> list[dict[int, int]]:
    """Dimension -> size, for the loops between one border and the next, innermost first."""
    places = [*(one.below for one in chain), tuple(factor.times for factor in factors)]
    found: list[dict[int, int]] = []
    before = (0,) * len(factors)
    for place in places:
        sizes: dict[int, int] = {}
        for factor, low, high in zip(factors, before, place, strict=True):
            more = min(high, factor.times) - min(low, factor.times)
            if more:
                sizes[factor.dim] = sizes.get(factor.dim, 1) * factor.prime**more
        if sizes:
            found.append(sizes)
        before = place
    return found


def _orderings(segments: Sequence[dict[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Orderings of (dimension, size): each segment's loops in different orders."""
    orders = [list(permutations(sizes.items())) for sizes in segments]
    for number in range(TRIED):
        # Strides that differ, so that the orders of the segments do not go in step.
        yield tuple(loop for place, order in enumerate(orders) for loop in order[number * (place + 1) % len(order)])


def _as_primes(written: Sequence[tuple[tuple[int, int], ...]], factors: Sequence[Factor]) -> Orderings:
    """The orderings as orderings of prime factors that may not be cut inside a loop."""
    used = [factor for factor in factors if factor.times]
    loops = Loops(
        tuple(factor.dim for factor in used),
        tuple(factor.prime for factor in used),
        tuple(factor.times for factor in used),
    )
    rows: list[list[int]] = []
    cuts: list[list[bool]] = []
    for ordering in written:
        row: list[int] = []
        cut = [True]
        for dim, size in ordering:
            inside = list(_split(dim, size, used))
            row += inside
            cut += [False] * (len(inside) - 1) + [True]
        rows.append(row)
        cuts.append(cut)
    loop = np.array(rows, dtype=np.uint8).reshape(len(written), -1)
    return Orderings(loops, loop, multisets_below(loops.counts, loop), np.array(cuts))


def _split(dim: int, size: int, factors: Sequence[Factor]) -> Iterator[int]:
    """The factors of a loop, by their place among all."""
    for place, factor in enumerate(factors):
        while factor.dim == dim and size % factor.prime == 0 and size > 1:
            size //= factor.prime
            yield place
