"""A spatial mapping as plain data: what each dimension of the array unrolls."""

from collections.abc import Iterable
from typing import Any

Unrolling = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
"""(array dim, ((loop, factor), ...)), array dims in the accelerator's order, factors above 1."""


def tidy(unrolled: Iterable[tuple[str, Iterable[tuple[str, Any]]]], array: Iterable[str]) -> Unrolling:
    """Every array dim in the order of `array`, an idle one with no loop, factors of 1 left out."""
    # Unrollings are compared and kept in sets, so that one mapping must have one form, whoever wrote it.
    given = {dim: tuple(pairs) for dim, pairs in unrolled}
    return tuple((dim, tuple((loop, int(f)) for loop, f in given.get(dim, ()) if f > 1)) for dim in array)


def plain(mapping: Iterable[tuple[Any, Any]], array: Iterable[str]) -> Unrolling:
    """The items of ZigZag's SpatialMapping as plain data, array dims in the order of `array`."""
    return tidy(((str(dim), ((str(loop), f) for loop, f in pairs.items())) for dim, pairs in mapping), array)


def totals(unrolling: Unrolling) -> dict[str, int]:
    """Loop -> how often it is unrolled over all array dims."""
    found: dict[str, int] = {}
    for _, pairs in unrolling:
        for loop, factor in pairs:
            found[loop] = found.get(loop, 1) * factor
    return found


def as_written(unrolling: Unrolling) -> dict[str, tuple[str, ...]]:
    """The `spatial_mapping` of a mapping entry."""
    return {dim: tuple(f"{loop}, {factor}" for loop, factor in pairs) for dim, pairs in unrolling}


def text(unrolling: Unrolling) -> str:
    """`K32 | C4 FX3 | - | OY2`, array dims in order."""
    return " | ".join(" ".join(f"{loop}{factor}" for loop, factor in pairs) or "-" for _, pairs in unrolling)
