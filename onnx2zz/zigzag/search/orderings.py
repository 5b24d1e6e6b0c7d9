"""All orderings of a layer's temporal loops in LOMA's order, a chunk at a time (opt/loma/engine.py:350-356).

Equal loops are interchangeable: LOMA permutes a multiset and so does this. What lies below a cut is again a multiset
of loops, and there are few of those (64 for six different loops, 512 for nine) against many orderings. So whatever
depends on the loops below a cut, but not on their order, is computed once for each multiset and looked up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from .arrays import Flags, Floats, Ints

REMEMBERED = 5040
"""Tables of up to so many orderings are kept: spatial candidates of a layer, and layers, ask for the same ones."""
IN_ONE_PIECE = 362_880
"""Of up to so many (nine different loops) a table is made as a whole, of 32 MB at most; the last two are kept."""


@dataclass(frozen=True)
class Loops:
    """The temporal loops of one search: distinct (dimension, size) pairs in rising order, and how often each occurs."""

    dims: tuple[int, ...]
    sizes: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def length(self) -> int:
        return sum(self.counts)

    @cached_property
    def iterations(self) -> int:
        """Cycles of the whole nest without stalls."""
        return prod(size**count for size, count in zip(self.sizes, self.counts, strict=True))

    @property
    def members(self) -> Ints:
        """(loops, multisets): how often each loop occurs in the multiset of that number."""
        return members(self.counts)

    def sizes_over(self, dims: Sequence[int]) -> tuple[int, ...]:
        """Each loop's size if it runs over one of these dimensions, else 1."""
        return tuple(size if dim in dims else 1 for dim, size in zip(self.dims, self.sizes, strict=True))

    def dim_size(self, dim: int) -> Floats:
        """(multisets,): product of the sizes of the loops over this dimension."""
        # A dimension that is unrolled whole, or of size 1, has no loop in time.
        return self._dim_sizes.get(dim, np.ones(int(self.members.shape[1])))

    @cached_property
    def _dim_sizes(self) -> dict[int, Floats]:
        return {dim: self._product(self.sizes_over((dim,))) for dim in self.dims}

    def product_over(self, dims: Sequence[int]) -> Floats:
        """(multisets,): product of the sizes of the loops over all of these dimensions."""
        return self._product(self.sizes_over(dims))

    @cached_property
    def multiset_iterations(self) -> Floats:
        """(multisets,): product of all loop sizes."""
        return self._product(self.sizes)

    def _product(self, sizes: Sequence[int]) -> Floats:
        return (np.array(sizes)[:, None] ** self.members).prod(axis=0).astype(np.float64)


@dataclass(frozen=True)
class Orderings:
    """N orderings of L loops, innermost first. loop (N, L) indexes Loops; below (N, L + 1) numbers the multisets.

    cuttable (N, L + 1): where a memory may be cut, if not everywhere. Loops over one dimension between which none may
    be are one loop to ZigZag.
    """

    loops: Loops
    loop: NDArray[np.uint8]
    below: Ints
    cuttable: Flags | None = None

    def __len__(self) -> int:
        return len(self.loop)

    def rows(self, rows: Ints) -> "Orderings":
        cuttable = None if self.cuttable is None else self.cuttable[rows]
        return Orderings(self.loops, self.loop[rows], self.below[rows], cuttable)

    @cached_property
    def iterations(self) -> Floats:
        """(N, L + 1): product of the loops below each cut."""
        return self.loops.multiset_iterations.take(self.below)

    def sizes_over(self, dims: Sequence[int]) -> Floats:
        """(N, L): each loop's size where it runs over one of these dimensions, else 1."""
        return np.array(self.loops.sizes_over(dims), dtype=np.float64).take(self.loop)


@dataclass(frozen=True)
class FixedLoops:
    """A demand on an ordering: the loop at `position` (negative: from outside) is one of `allowed`."""

    position: int
    allowed: tuple[int, ...]


def chunks(loops: Loops, fixed: Sequence[FixedLoops], rows: int) -> Iterator[Orderings]:
    """Every ordering that meets the demands, in LOMA's order, from at most `rows` permutations at a time."""
    for loop, below in _tables(loops.counts, rows):
        # Filtered afterwards, not avoided while permuting: what is left keeps LOMA's order, in which ZigZag meets it
        # (multipermute.py:121-138).
        for demand in fixed:
            met = np.isin(loop[:, demand.position], demand.allowed)
            loop, below = loop[met], below[met]
        if len(loop):
            yield Orderings(loops, loop, below)


def _tables(counts: tuple[int, ...], rows: int) -> Iterator[tuple[NDArray[np.uint8], Ints]]:
    """Orderings and the multisets below their cuts, as in `Orderings`."""
    # The table depends on how often loops occur and not on which they are: layers of many shapes share a few of them.
    if how_many(counts) <= rows:
        yield remembered(counts)
        return
    for loop in permutations(counts, rows):
        yield loop, multisets_below(counts, loop)


def remembered(counts: tuple[int, ...]) -> tuple[NDArray[np.uint8], Ints]:
    """All orderings of loops that occur so often, at most IN_ONE_PIECE, and the multisets below their cuts."""
    return (_few if how_many(counts) <= REMEMBERED else _many)(counts)


def _whole_table(counts: tuple[int, ...]) -> tuple[NDArray[np.uint8], Ints]:
    (loop,) = permutations(counts, IN_ONE_PIECE)
    below = multisets_below(counts, loop)
    # Handed out to every search that asks: a change by one would spoil the others'. `loop` is read-only already, as a
    # view of bytes.
    below.setflags(write=False)
    return loop, below


# Small tables are asked for again and again; a few large ones would take more memory than all else.
_few = lru_cache(maxsize=64)(_whole_table)
_many = lru_cache(maxsize=2)(_whole_table)


def multisets_below(counts: Sequence[int], loop: NDArray[np.uint8]) -> Ints:
    """(N, L + 1): the multiset of loops below each cut of orderings (N, L)."""
    below = np.zeros((len(loop), sum(counts) + 1), dtype=np.intp)
    np.cumsum(np.array(strides(counts)).take(loop), axis=1, out=below[:, 1:])
    return below


@lru_cache(maxsize=256)
def members(counts: tuple[int, ...]) -> Ints:
    """(loops, multisets): how often each loop occurs in the multiset of that number."""
    numbers = np.arange(prod(count + 1 for count in counts))
    found = np.stack([numbers // stride % (count + 1) for stride, count in zip(strides(counts), counts, strict=True)])
    found.setflags(write=False)
    return found


def how_many(counts: Sequence[int]) -> int:
    """Orderings of loops that occur so often."""
    return factorial(sum(counts)) // prod(factorial(count) for count in counts)


def strides(counts: Sequence[int]) -> tuple[int, ...]:
    """A multiset's number is the sum of its members' strides: counts as digits, base count + 1."""
    return tuple(prod(count + 1 for count in counts[:place]) for place in range(len(counts)))


def permutations(counts: Sequence[int], rows: int) -> Iterator[NDArray[np.uint8]]:
    """The permutations of a multiset by prefix shifts, as opt/loma/multipermute.py visits them, `rows` at a time.

    Each step moves one value to the front: the second one after the longest non-increasing prefix if the prefix could
    take it, else the first one after it (Williams, Loopless Generation of Multiset Permutations, SODA 2009).
    """
    order = [value for value in reversed(range(len(counts))) for _ in range(counts[value])]
    buffer = bytearray(order)
    last = len(order) - 1
    prefix = last - 1
    # The order of the visits matters: among orderings of one price ZigZag keeps the first that it met, and the search
    # has to return that one.
    while prefix + 1 < last or order[prefix + 1] < order[0]:
        if len(buffer) == rows * len(order):
            yield _table(buffer, len(order))
            buffer = bytearray()
        reach = prefix + 2 <= last and order[prefix] >= order[prefix + 2]
        value = order.pop(prefix + 2 if reach else prefix + 1)
        prefix = 0 if value < order[0] else prefix + 1
        order.insert(0, value)
        # Appending bytes is cheap beside the steps; an array that grows row by row would copy all that is there each
        # time.
        buffer += bytes(order)
    yield _table(buffer, len(order))


def _table(buffer: bytearray, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(bytes(buffer), dtype=np.uint8).reshape(-1, width)
