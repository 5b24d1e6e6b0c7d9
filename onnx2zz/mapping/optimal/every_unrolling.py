"""Every unrolling of a layer over an array: all factors, up to three loops on an array dim.

A factor that needs as many steps as a smaller one is left out: it does the same and more besides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

from onnx2zz.formats.workload_entry import STEP
from onnx2zz.mapping.enumeration import Option, combined, filled, leaves_room, mixes
from onnx2zz.mapping.space import Factors, Mask, Space

MOST = 2_000_000
"""Unrollings that are looked at. Where there are more, those that leave room that a loop could fill are left out, then
those that are filled less."""


def every_unrolling(
    space: Space,
    limits: Mapping[str, Mapping[str, int]],
    forbidden: Callable[[Factors], Mask],
) -> tuple[Factors, str]:
    """Factors (unrollings, array dims, loops), and what is among them in words. `limits` bounds the factors by array
    dim and loop, `forbidden` says which unrollings, complete or not, are out."""
    options = [_allowed(space, dim, limits, forbidden) for dim in range(len(space.array))]
    said = "every unrolling"
    # Step by step, and told each time: a bound holds for the space that is named, so the name must shrink with it.
    if _product(options) > MOST:
        options = [_full(space, dim, given, limits) for dim, given in enumerate(options)]
        said = "the unrollings that leave no room that a loop could fill"
    if _product(options) > MOST:
        options = [_best_filled(space, given, len(options)) for given in options]
        said = f"{said}, of those the best filled"
    found = space.unrolled_nothing()
    for dim, given in enumerate(options):
        found = combined(found, dim, given, space)
        found = found[~forbidden(found)]
    return found, said


def _product(options: Sequence[Sequence[Option]]) -> int:
    return reduce(lambda product, given: product * len(given), options, 1)


def _allowed(
    space: Space, dim: int, limits: Mapping[str, Mapping[str, int]], forbidden: Callable[[Factors], Mask]
) -> list[Option]:
    """What one array dim may unroll alone."""
    units = space.array[dim][1]
    factors = _factors(space, dim, limits)
    options: list[Option] = [(), *(option for count in (1, 2, 3) for option in mixes(factors, units, count))]
    # Also options whose steps are not whole alone: another array dim may make them so.
    rows = combined(space.unrolled_nothing(), dim, options, space, unaccountable=True)
    return [option for option, out in zip(options, forbidden(rows), strict=True) if not out]


def _factors(space: Space, dim: int, limits: Mapping[str, Mapping[str, int]]) -> dict[int, list[int]]:
    name, units = space.array[dim]
    return {
        loop: every_factor(size, min(units, limits[name].get(over, 1)))
        for loop, (over, size) in enumerate(zip(space.loops, space.sizes, strict=True))
        if over != STEP
    }


def every_factor(size: int, most: int) -> list[int]:
    """The least factor above 1 for each number of steps."""
    steps = sorted({-(-size // factor) for factor in range(2, min(size, most) + 1)})
    return [factor for factor in (-(-size // count) for count in steps) if 1 < factor <= most]


def _full(space: Space, dim: int, options: Iterable[Option], limits: Mapping[str, Mapping[str, int]]) -> list[Option]:
    room = leaves_room(_factors(space, dim, limits), space.array[dim][1])
    return [option for option in options if not option or not room(option)]


def _best_filled(space: Space, options: Sequence[Option], dims: int) -> list[Option]:
    # As many of each, so that the product stays below the limit whatever the dims are.
    few = int(MOST ** (1 / dims))
    return sorted(options, key=lambda option: (-filled(option, space.sizes), len(option)))[:few]
