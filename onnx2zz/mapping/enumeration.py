"""All unrollings of a layer over an array that are worth a bound: few enough to be ranked together.

Factors are divisors of the loop, and ceil(size / steps) where that saves steps; up to three loops share an array dim.
Choices that leave room which a loop could fill are left out, and so are mirror images.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from onnx2zz.formats.workload_entry import STEP
from onnx2zz.mapping.space import Factors, Mask, Space
from onnx2zz.zigzag.several_dims import steps_are_whole

TOGETHER = 3
"""Loops that may share an array dim."""
KEPT = 4096
"""Partial unrollings that are carried to the next array dim: those that need the fewest cycles so far."""
PER_DIM = 96
"""Choices for one array dim, the best filled first."""
WASTE = 4 / 3
"""Of a factor that does not divide its loop: padded size / size at most."""

Option = tuple[tuple[int, int], ...]
"""(loop, factor), ... on one array dim."""


def candidates(
    space: Space,
    limits: Mapping[str, Mapping[str, int]],
    forbidden: Callable[[Factors], Mask],
    twins: Mapping[int, int],
) -> Factors:
    """(candidates, array dims, loops). `limits` bounds the factors by array dim and loop; `forbidden` says which
    candidates, complete or not, are out for good; `twins`: array dim -> an earlier one that it may change places with.
    """
    found = space.unrolled_nothing()
    for dim, (name, units) in enumerate(space.array):
        options = _options(space, units, limits[name])
        found = combined(found, dim, options, space)
        # As soon as both have their loops: each mirror image that is kept here would be combined with all later dims.
        if dim in twins:
            found = found[_first_of_mirrored(found, twins)]
        # What overflows a memory, or lacks a wire, does so with more loops unrolled, too: nothing good is lost by it.
        found = found[~forbidden(found)]
        found = _best_filled(found, space)
    return found


def _options(space: Space, units: int, most: Mapping[str, int]) -> Sequence[Option]:
    """What one array dim may unroll: nothing, or up to three loops that leave no room for more."""
    may = tuple(0 if name == STEP else min(units, most.get(name, 1)) for name in space.loops)
    return _options_of(space.sizes, units, may)


# Array dims of one kind have the same ones, and so have layers that differ in nothing but their operands.
@lru_cache(maxsize=64)
def _options_of(sizes: tuple[int, ...], units: int, most: tuple[int, ...]) -> tuple[Option, ...]:
    """The same by place; of a loop with 0 at most nobody asks."""
    factors = {loop: _factors(size, top) for loop, (size, top) in enumerate(zip(sizes, most, strict=True)) if top}
    found = [option for count in range(1, TOGETHER + 1) for option in mixes(factors, units, count)]
    room = _Room(factors, units)
    full = [option for option in found if not room.left(option)]
    full.sort(key=lambda option: (-filled(option, sizes), len(option)))
    # Single loops stay even where they leave room: the loop that would fill it may be wanted on another array dim.
    single = [option for option in found if len(option) == 1 and option not in full[:PER_DIM]]
    return (*full[:PER_DIM], *single, ())


def _factors(size: int, most: int) -> list[int]:
    """Divisors of `size`, and the least factor for each number of steps where little is wasted; 1 is left out."""
    steps = sorted({-(-size // factor) for factor in range(2, min(size, most) + 1)})
    least = (-(-size // count) for count in steps)
    return [factor for factor in least if 1 < factor <= most and -(-size // factor) * factor <= WASTE * size]


def mixes(factors: Mapping[int, Sequence[int]], room: int, count: int) -> Iterator[Option]:
    """So many loops on an array dim of `room` units, with any of their factors."""
    for loops in combinations(factors, count):
        yield from _filled_up(loops, factors, room)


def _filled_up(loops: Sequence[int], factors: Mapping[int, Sequence[int]], room: int) -> Iterator[Option]:
    if not loops:
        yield ()
        return
    for factor in factors[loops[0]]:
        if factor <= room:
            yield from (((loops[0], factor), *rest) for rest in _filled_up(loops[1:], factors, room // factor))


def leaves_room(factors: Mapping[int, Sequence[int]], units: int) -> Callable[[Option], bool]:
    """Whether an option leaves units that a loop could fill."""
    return _Room(factors, units).left


class _Room:
    """Whether an option leaves units that a loop could fill: a loop of it with a larger factor, or another loop."""

    def __init__(self, factors: Mapping[int, Sequence[int]], units: int):
        self.units = units
        self.larger = {(loop, f): g for loop, choices in factors.items() for f, g in pairwise(sorted(set(choices)))}
        self.least = {loop: min(choices) for loop, choices in factors.items() if choices}

    def left(self, option: Option) -> bool:
        used = prod(factor for _, factor in option)
        for loop, factor in option:
            # The next larger factor only: where that does not fit, no other does.
            larger = self.larger.get((loop, factor))
            if larger is not None and larger <= factor * self.units // used:
                return True
        if len(option) >= TOGETHER:
            return False
        taken, room = {loop for loop, _ in option}, self.units // used
        return any(least <= room and loop not in taken for loop, least in self.least.items())


def filled(option: Option, sizes: Sequence[int]) -> float:
    """Useful units: factors, less what the last step leaves idle."""
    useful = 1.0
    for loop, factor in option:
        useful *= sizes[loop] / -(-sizes[loop] // factor)
    # So that equal products in another order are equal, and the sort falls back to the number of loops.
    return round(useful, 6)


def combined(
    found: Factors, dim: int, options: Sequence[Option], space: Space, *, unaccountable: bool = False
) -> Factors:
    """Each of `found` with each option on one more array dim; only those whose cycles times units are the operations,
    if not `unaccountable` ones are asked for too."""
    rows = np.ones((len(options), len(space.loops)), dtype=np.int64)
    for row, option in enumerate(options):
        for loop, factor in option:
            rows[row, loop] = factor
    # Most pairs unroll a loop beyond its size: they are left out before anything is made of them.
    totals = found.prod(axis=1)
    within: Mask = np.ones((len(found), len(options)), dtype=np.bool_)
    for loop, size in enumerate(() if unaccountable else space.sizes):
        within &= totals[:, loop, None] * rows[:, loop] <= size
    earlier, chosen = np.nonzero(within)
    both = found[earlier]
    both[:, dim, :] = rows[chosen]
    return both if unaccountable else both[_whole_steps(both, space)]


def _first_of_mirrored(found: Factors, twins: Mapping[int, int]) -> Factors:
    """The rows that are left when each stands for all that it becomes when twins change places."""
    code = np.zeros(len(found), dtype=np.uint64)
    for dim in range(found.shape[1]):
        kind = dim
        # Twins of twins: all array dims of one kind get the number of the first.
        while kind in twins:
            kind = twins[kind]
        # A sum does not change when two dims of one kind change places, and that is what makes mirror images equal.
        code += _scattered(found[:, dim].astype(np.uint64), kind)
    return np.sort(np.unique(code, return_index=True)[1])


def _scattered(rows: NDArray[np.uint64], kind: int) -> NDArray[np.uint64]:
    """A number for what an array dim of this kind unrolls; sums of such numbers tell sets apart."""
    powers = np.array([1000003 ** (loop + 1) % 2**64 for loop in range(rows.shape[1])], dtype=np.uint64)
    code = (rows * powers).sum(axis=1) + np.uint64(kind)
    code = (code ^ (code >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return code ^ (code >> np.uint64(29))


def _whole_steps(found: Factors, space: Space) -> Mask:
    """Whether cycles times units are the operations."""
    whole: Mask = np.ones(len(found), dtype=np.bool_)
    for loop, size in enumerate(space.sizes):
        whole &= _divided(found[:, :, loop], size)
    return whole


def _divided(factors: NDArray[np.int64], size: int) -> Mask:
    """Of one loop's factors (candidates, array dims): whether its steps are whole. Few of them differ, so each kind is
    asked once."""
    most = factors.max(axis=0, initial=1) + 1
    # The table would cost more than to ask for every candidate.
    if np.prod(most.astype(float)) > 1 << 22:
        return steps_are_whole(factors, size)
    code = np.ravel_multi_index(tuple(factors.T), tuple(most.tolist()))
    kinds = np.flatnonzero(np.bincount(code))
    answers: Mask = np.zeros(int(most.prod()), dtype=np.bool_)
    answers[kinds] = steps_are_whole(np.stack(np.unravel_index(kinds, tuple(most.tolist())), axis=1), size)
    return answers[code]


def accounted(found: Factors, space: Space) -> Mask:
    """(candidates, loops): whether the steps of a loop are whole in ZigZag's view."""
    if not space.loops:  # one operation
        return np.ones((len(found), 0), dtype=np.bool_)
    return np.stack([steps_are_whole(found[:, :, loop], size) for loop, size in enumerate(space.sizes)], axis=1)


def _best_filled(found: Factors, space: Space) -> Factors:
    if len(found) <= KEPT:
        return found
    steps = -(-np.array(space.sizes) // found.prod(axis=1))
    spread = (found > 1).sum(axis=(1, 2))
    # Of equal cycles those with fewer loops unrolled: they leave most to the array dims that are still to come.
    order = np.lexsort((spread, steps.prod(axis=1, dtype=float)))
    return found[order[:KEPT]]
