"""Loop orderings that let ZigZag's allocator cut where a chain of borders says, and their prices.

The allocator takes an ordering of loops and cuts it where it likes best. Between two borders of a chain all factors of
a dimension are one loop, so that it cannot cut inside; the order of the dimensions is tried in several ways. A mapping
file says such an ordering as it is, and stock ZigZag prices it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from zigzag.datatypes import LayerDim
from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.objective import objective as objective_of
from onnx2zz.zigzag.unrolling import Unrolling

from .arrays import Flags, Ints
from .chain import Placed
from .objective import first_best
from .orderings import Loops, Orderings, how_many, multisets_below
from .orderings import permutations as permutations_of
from .pricing import price, size_tables
from .search import ORDERINGS_AT_ONCE, check_exact
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


@dataclass(frozen=True)
class Lengthening:
    """An unrolling, the lengthened loops that it divides, the prime factors that are left to run in time, and the
    cycles that no latency counts for less than."""

    unrolling: Unrolling
    sizes: Lengthened
    factors: Sequence[Factor]
    floor: float


def best_realised(
    ground: Ground, one: Lengthening, chains: Sequence[Sequence[Placed]], objective: ObjectiveName
) -> Realised | None:
    """The best ordering of some that follow the chains; None where none fits. Raises NotCoveredError."""
    # Chains for energy and for a port often agree, and the tries of a short segment repeat: each ordering is priced
    # once.
    written = list(dict.fromkeys(each for chain in chains for each in _orderings(_segments(chain, one.factors))))
    return _best(ground, one, _as_primes(written, one.factors), objective)


def best_of_all(ground: Ground, one: Lengthening, objective: ObjectiveName) -> Realised | None:
    """The best of all orderings, with neighbours over one dimension joined in all ways; None where none fits.

    Raises NotCoveredError."""
    loops = _loops(one.factors)
    best: Realised | None = None
    for loop in permutations_of(loops.counts, ORDERINGS_AT_ONCE):
        below = multisets_below(loops.counts, loop)
        for cuttable, rows in _together(_joined(loops, loop)):
            orderings = Orderings(loops, loop[rows], below[rows], cuttable)
            found = _best(ground, one, orderings, objective)
            if found is not None and (best is None or _value(found, one, objective) < _value(best, one, objective)):
                best = found
    return best


def how_many_of_all(factors: Sequence[Factor]) -> int:
    """Orderings that `best_of_all` prices at most."""
    loops = _loops(factors)
    # Each joint between two loops of one dimension is open or closed, and one ordering has at most so many of them.
    return how_many(loops.counts) << max(loops.length - len(set(loops.dims)), 0)


def _joined(loops: Loops, loop: NDArray[np.uint8]) -> Iterator[tuple[Flags, Ints]]:
    """For each way to join neighbours: where the orderings may be cut, and which ones (by row) are over one dimension
    wherever they are joined."""
    over = np.array(loops.dims).take(loop)
    same = over[:, 1:] == over[:, :-1]
    # By joints and not by orderings, so that all orderings of one way to join are priced in one array.
    for joints in product((False, True), repeat=loops.length - 1):
        rows = np.flatnonzero((same | ~np.array(joints, dtype=np.bool_)).all(axis=1))
        if len(rows):
            cuttable = np.array([True, *(not joint for joint in joints), True])
            yield np.broadcast_to(cuttable, (len(rows), len(cuttable))), rows


def _together(joined: Iterator[tuple[Flags, Ints]]) -> Iterator[tuple[Flags, Ints]]:
    """The same in few large parts: there are as many ways to join as subsets of the neighbours, and pricing a handful
    of orderings takes as long as pricing hundreds."""
    parts: list[tuple[Flags, Ints]] = []
    for part in joined:
        parts.append(part)
        if sum(len(rows) for _, rows in parts) >= ORDERINGS_AT_ONCE:
            yield _concatenated(parts)
            parts = []
    if parts:
        yield _concatenated(parts)


def _concatenated(parts: Sequence[tuple[Flags, Ints]]) -> tuple[Flags, Ints]:
    return np.concatenate([cuttable for cuttable, _ in parts]), np.concatenate([rows for _, rows in parts])


def _value(found: Realised, one: Lengthening, name: ObjectiveName) -> float:
    return objective_of(name).value(found.energy, max(found.latency, one.floor))


def _best(ground: Ground, one: Lengthening, orderings: Orderings, objective: ObjectiveName) -> Realised | None:
    nest = ground.under(one.unrolling, one.sizes)
    check_exact(nest, orderings.loops)
    even = ground.mapping_type == TemporalMappingType.EVEN
    prices = price(nest, size_tables(nest, orderings.loops), orderings, even)
    if not len(prices.rows):
        return None
    # The latency that counts is the honest one: never below the roofline of the lengthened layer.
    row = first_best(objective, prices.energy, np.maximum(prices.latency, one.floor))
    ordering = _written(orderings.rows(prices.rows[row : row + 1]))
    named = tuple((ground.layer.layer_dims[dim], size) for dim, size in ordering)
    return Realised(named, float(prices.energy[row]), float(prices.latency[row]))


def _written(one: Orderings) -> list[tuple[int, int]]:
    """(dimension, size) of each loop, joined where it may not be cut."""
    assert one.cuttable is not None
    found: list[tuple[int, int]] = []
    apart = True
    numbers: list[int] = one.loop[0].tolist()
    cuts: list[bool] = one.cuttable[0, 1:].tolist()
    for loop, cuttable in zip(numbers, cuts, strict=True):
        dim, size = one.loops.dims[loop], one.loops.sizes[loop]
        if apart:
            found.append((dim, size))
        else:
            found[-1] = dim, found[-1][1] * size
        apart = cuttable
    return found


def _loops(factors: Sequence[Factor]) -> Loops:
    used = [factor for factor in factors if factor.times]
    return Loops(
        tuple(factor.dim for factor in used),
        tuple(factor.prime for factor in used),
        tuple(factor.times for factor in used),
    )


def _segments(chain: Sequence[Placed], factors: Sequence[Factor]) -> list[dict[int, int]]:
    """Dimension -> size, for the loops between one border and the next, innermost first."""
    places = [*(one.below for one in chain), tuple(factor.times for factor in factors)]
    found: list[dict[int, int]] = []
    before = (0,) * len(factors)
    # Axes of several primes of one dimension come together: between two borders they are one loop of that dimension.
    for place in places:
        sizes: dict[int, int] = {}
        for factor, low, high in zip(factors, before, place, strict=True):
            more = min(high, factor.times) - min(low, factor.times)
            if more:
                sizes[factor.dim] = sizes.get(factor.dim, 1) * factor.prime**more
        # Two borders at one place have nothing between them.
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
    used, loops = [factor for factor in factors if factor.times], _loops(factors)
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
        # Any order of the primes does, since no cut is allowed between them.
        while factor.dim == dim and size % factor.prime == 0 and size > 1:
            size //= factor.prime
            yield place
