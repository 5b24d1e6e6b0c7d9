"""Every layer split the same way over all cores: what anybody would try first, so that no result is worse than that."""

from collections.abc import Mapping

from onnx2zz.system.operands import Told
from onnx2zz.system.tiling import Pieces

Way = tuple[str, ...]
"""Along what the layers are split: one or two of rows, columns and channels."""
OverCores = tuple[Way, int]
"""A way, and the number of cores."""
WAYS: tuple[Way, ...] = (
    *(("rows",), ("columns",), ("channels",)),
    *(("rows", "columns"), ("channels", "rows"), ("channels", "columns")),
)
LOOPS: Mapping[str, tuple[str, ...]] = {"rows": ("OY",), "columns": ("OX",), "channels": ("K", "G")}
MOST_TILES = 120
"""Layers times cores up to which these splits are priced and scheduled."""


def uniform_splits(told: Told, cores: int) -> dict[OverCores, Pieces]:
    """A layer's split in each of the ways over so many cores, half of them, and so on; a layer that has not the loops
    is split along its channels, one with too few iterations in as many parts as it has."""
    return {
        (way, used): _split(told, way, used)
        for used in _counts(cores)
        for way in WAYS
        if len(way) == 1 or _factors(used)[1] > 1
    }


def _counts(cores: int) -> list[int]:
    found: list[int] = []
    while cores > 1:
        found.append(cores)
        cores = -(-cores // 2)
    return found


def _split(told: Told, way: Way, cores: int) -> Pieces:
    loops = [loop for kind in way if (loop := _loop(told, kind)) is not None]
    # A layer without rows or columns (a Gemm) is split along its channels instead, so that every layer is split.
    if not loops:
        loops = [loop for kind in LOOPS if (loop := _loop(told, kind)) is not None][-1:]
    numbers = _factors(cores) if len(loops) == 2 else (cores,)
    return tuple(
        (loop, min(number, told.placed.layer.sizes[loop])) for loop, number in zip(loops, numbers, strict=False)
    )


def _loop(told: Told, kind: str) -> str | None:
    layer = told.placed.layer
    return next(
        (
            loop
            for loop in LOOPS[kind]
            if layer.sizes.get(loop, 1) > 1 and loop in layer.output.loops and loop != layer.recurrent
        ),
        None,
    )


def _factors(cores: int) -> tuple[int, int]:
    """Two numbers that multiply to so many cores, as near to each other as can be, the larger first."""
    smaller = max(n for n in range(1, int(cores**0.5) + 1) if cores % n == 0)
    return cores // smaller, smaller
