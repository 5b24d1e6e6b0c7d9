"""A mapping entry under other names of a layer's loops."""

from collections.abc import Iterator, Mapping
from math import ceil, gcd, prod
from typing import TypeAlias

from onnx2zz.files.document import Data, Value, is_list, is_mapping, texts
from onnx2zz.formats.mapping_entry import ANY, MappingEntry

Renamed: TypeAlias = Mapping[str, tuple[str, int, int]]
"""Loop -> its new name, its size before and after."""


def names_any(entry: MappingEntry, renamed: Renamed) -> bool:
    """Whether an entry names any of the loops."""
    unrolled = {loop for pairs in entry.unrolled.values() for loop, _ in pairs}
    hinted = {loop.upper() for loops in (entry.spatial_mapping_hint or {}).values() for loop in loops}
    ordered = {loop.upper() for loop, _ in entry.temporal_ordering or ()}
    return not renamed.keys().isdisjoint(unrolled | hinted | ordered)


def in_entry(data: Data, entry: MappingEntry, renamed: Renamed) -> Data:
    """The entry's `data` with each loop under its new name: as many units and steps as the new size leaves of the old
    ones. What it says of the new names already was idle, and goes."""
    changed = dict(data)
    new_names = {new for new, _, _ in renamed.values()}
    # An output is smaller than its input (a 3x3 window takes 58 to 56), so that factors may be too large now.
    factors = {loop: _factors(entry, loop, after) for loop, (_, _, after) in renamed.items()}
    spatial, hint, order = (data.get(key) for key in ("spatial_mapping", "spatial_mapping_hint", "temporal_ordering"))
    if is_mapping(spatial):
        changed["spatial_mapping"] = {
            dim: list(_unrolled(str(dim), pairs, renamed, factors, new_names)) for dim, pairs in spatial.items()
        }
    if is_mapping(hint):
        changed["spatial_mapping_hint"] = {
            dim: [renamed[loop.upper()][0] if loop.upper() in renamed else loop for loop in texts(loops)]
            for dim, loops in hint.items()
        }
    if is_list(order):
        changed["temporal_ordering"] = list(_ordered(entry, order, renamed, factors, new_names))
    return changed


def _factors(entry: MappingEntry, loop: str, size: int) -> dict[str, int]:
    """Array dimension -> how often it unrolls the loop, now that it has that size: no more than the loop in all."""
    left, found = size, dict[str, int]()
    for dim, pairs in entry.unrolled.items():
        asked = dict(pairs).get(loop)
        if asked is not None:
            # From dimension to dimension, as ZigZag cuts them: the first keeps what it asks.
            found[dim] = min(asked, left)
            left //= found[dim]
    return found


def _unrolled(
    dim: str, pairs: Value, renamed: Renamed, factors: Mapping[str, Mapping[str, int]], new_names: set[str]
) -> Iterator[str]:
    for pair in texts(pairs):
        loop = pair.partition(",")[0].strip().upper()
        if loop in renamed:
            yield f"{renamed[loop][0]}, {factors[loop].get(dim, 1)}"
        elif loop not in new_names:
            yield pair


def _ordered(
    entry: MappingEntry,
    order: list[Value],
    renamed: Renamed,
    factors: Mapping[str, Mapping[str, int]],
    new_names: set[str],
) -> Iterator[Value]:
    """Steps whose loop has nothing left in time go: ZigZag finds no order that has them."""
    steps = {loop: _steps(entry, loop, renamed[loop], factors[loop]) for loop in renamed}
    for step in order:
        loop, size = (str(step[0]).upper(), step[1]) if is_list(step) and len(step) == 2 else ("", None)
        if loop not in renamed:
            if loop not in new_names:
                yield step
        elif size == ANY:
            yield [renamed[loop][0], ANY]
        # A step of 1 has no loop in time, and ZigZag would look in vain for an ordering with it.
        elif (now := next(steps[loop], 1)) > 1:
            yield [renamed[loop][0], now]


def _steps(entry: MappingEntry, loop: str, sizes: tuple[str, int, int], factors: Mapping[str, int]) -> Iterator[int]:
    """The sizes of a loop's steps, one after the other: if they were all of it in time, they are all of it again."""
    _, before, after = sizes
    asked = [size for other, size in entry.sized_loops if other == loop]
    unrolled = prod(dict(pairs).get(loop, 1) for pairs in entry.unrolled.values())
    # An order that named all of a loop has to name all of it again, or it would fit no more.
    whole = prod(asked) == ceil(before / unrolled)
    left = ceil(after / prod(factors.values()))
    for number, size in enumerate(asked):
        # The last step takes what is left; the others keep of their size what still divides the loop.
        step = left if whole and number == len(asked) - 1 else gcd(size, left)
        left //= step
        yield step
