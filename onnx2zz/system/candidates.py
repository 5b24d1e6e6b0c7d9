"""The ways to share out a layer that are worth a price: over how many cores, along which loops, in how many turns."""

from collections.abc import Mapping
from itertools import permutations

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.ir.layer import Layer
from onnx2zz.system.elements import count
from onnx2zz.system.operands import Told
from onnx2zz.system.tile import Range
from onnx2zz.system.tiling import Pieces, Tiling

ROWS = ("OY", "OX", "OZ", "B", "H")
"""Loops that weights do not have: cut in turns where activations are too large."""
CHANNELS = ("K", "G", "D")
"""Loops that weights have, too."""
HELD_WEIGHTS = 0.5
"""The share of a tile's room that all weights of a core may take to stay for all rows."""

FEW_OUTPUTS, LONG_SUM = 16, 64
"""A layer of fewer outputs for each core, each a sum of at least so many products, is cut along loops that are summed
over, too: outputs alone would leave cores idle, and shorter sums are not worth an addition."""


def splits(told: Told, cores: int) -> list[Pieces]:
    """The splits of a layer over at most `cores` cores: along one loop, or along two or three that make up a number of
    cores together."""
    layer = told.placed.layer
    written = layer.output.loops
    outputs = count(told.told("O", told.ranges({})))
    few = outputs < cores * FEW_OUTPUTS and layer.operations >= outputs * LONG_SUM
    may = [loop for loop in layer.sizes if loop in written or (few and loop in summed(layer))]
    loops = [loop for loop in may if layer.sizes[loop] > 1 and loop != layer.recurrent]
    # The layer whole on one core is always among them: it is what a network too small for many cores falls back on.
    found: dict[Pieces, None] = {(): None}
    for used in _counts(cores):
        for loop in loops:
            # A loop of fewer iterations than cores is cut in all of them. Below, such splits are left out: another
            # way to write the number fits.
            found[((loop, min(used, layer.sizes[loop])),)] = None
        for several in (2, 3):
            # Not combinations: the first loop's parts change slowest, so that the order decides which cores are
            # neighbours.
            for chosen in permutations(loops, several):
                for pieces in _factors(used, several):
                    if all(pieces[n] <= layer.sizes[loop] for n, loop in enumerate(chosen)):
                        found[tuple(zip(chosen, pieces, strict=True))] = None
    return list(found)


def stripe_splits(told: Told, cores: int) -> list[Pieces]:
    """The split over so many cores along the first rows or columns that are enough, and along the channels."""
    if cores == 1:
        return [()]
    layer = told.placed.layer
    may = {loop: layer.sizes.get(loop, 1) for loop in layer.output.loops if loop != layer.recurrent}
    rows = [loop for loop in ROWS if may.get(loop, 1) >= cores][:1]
    channels = [loop for loop in CHANNELS if may.get(loop, 1) >= cores][:1]
    return [((loop, cores),) for loop in (*rows, *channels)]


def summed(layer: Layer) -> list[str]:
    """The loops of which parts make partial sums that can be added."""
    return [loop for loop, size in layer.loops if size > 1 and layer.reduce == "sum" and loop not in layer.output.loops]


def _factors(number: int, several: int) -> list[tuple[int, ...]]:
    """The ways to write a number as a product of so many factors above 1."""
    if several == 1:
        return [(number,)] if number > 1 else []
    return [
        (factor, *rest)
        for factor in range(2, number // 2 + 1)
        if number % factor == 0
        for rest in _factors(number // factor, several - 1)
    ]


def _counts(cores: int) -> list[int]:
    """All cores, then halves of them: what divides evenly onto rows and columns of a mesh."""
    found: list[int] = []
    while cores > 1:
        found.append(cores)
        cores //= 2 if cores % 2 == 0 else cores
    return found


def rounds(told: Told, tiling: Tiling, unrolled: Mapping[str, int]) -> float:
    """Iterations of the core that has most to do, loops that the array unrolls in whole steps of it (2 channels keep 8
    units as long as 8 do)."""
    layer = told.placed.layer
    most = 1.0
    for loop, size in layer.loops:
        step = unrolled.get(loop, 1)
        at_once, turns = tiling.pieces(loop)
        if at_once * turns == 1:
            most *= -(-size // step)
            continue
        of_place = dict.fromkeys(range(at_once), 0)
        for _, place, (_, length) in tiling.shared_out(layer, loop):
            of_place[place] += -(-length // step)
        most *= max(of_place.values())
    return most


def with_turns(told: Told, split: Pieces, room: float, unrolled: Mapping[str, int], least: int = 1) -> Tiling | None:
    """The split in as few turns as it takes for the operands of a tile to fit `room` bits together; None where even
    tiles of one row and channel do not. At least so many turns along the rows."""
    layer = told.placed.layer
    pieces = dict(split)
    grain = tuple((loop, step) for loop, step in unrolled.items() if layer.sizes.get(loop, 1) > step > 1)
    channel, row = turned(told, pieces)
    # Weights come once and stay for all rows: channels change slowest, so that few are there at a time. But where rows
    # are asked for, so that readers can begin with the first of them, all weights of the core stay, if they fit.
    rows_first = least > 1 and _weight_bits(told, Tiling(split)) <= room * HELD_WEIGHTS
    best: tuple[float, int, Tiling] | None = None
    for along_rows in _steps(_length(layer.sizes, pieces, row), least):
        for along_channels in _steps(-(-_length(layer.sizes, pieces, channel) // unrolled.get(channel or "", 1)), 1):
            if best is not None and along_rows * along_channels > best[1]:
                break
            turns = [(loop, n) for loop, n in ((channel, along_channels), (row, along_rows)) if loop and n > 1]
            tiling = Tiling(split, tuple(reversed(turns) if rows_first else turns), grain)
            if largest(told, tiling) <= room:
                merit = rounds(told, tiling, unrolled)
                if best is None or (merit, along_rows * along_channels) < best[:2]:
                    best = (merit, along_rows * along_channels, tiling)
                break
    return None if best is None else best[2]


def with_row_turns(told: Told, split: Pieces, room: float, least: int = 1) -> Tiling | None:
    """The split in as few turns along its rows as it takes for a tile to fit, at least so many: all weights of a core
    stay, and of its input only the rows of a turn. None where that does not do."""
    _, row = turned(told, dict(split))
    for turns in _steps(_length(told.placed.layer.sizes, dict(split), row), least) if row is not None else (1,):
        tiling = Tiling(split, ((row, turns),) if row is not None and turns > 1 else ())
        if largest(told, tiling) <= room:
            return tiling
    return None


def with_summed_turns(told: Told, split: Pieces, room: float) -> Tiling | None:
    """The split in turns along the longest loop that is summed over, for tiles of which one row and channel is too
    much; alone if that does, else beside turns of one row and channel. None where that does not do either.

    They change slowest: inputs and weights of a turn come once and go, and only the sums stay.
    """
    sizes, pieces = told.placed.layer.sizes, dict(split)
    finest = [(loop, _length(sizes, pieces, loop)) for loop in turned(told, pieces) if loop]
    for loop in sorted(summed(told.placed.layer), key=lambda loop: -_length(sizes, pieces, loop))[:1]:
        for beside in ((), tuple(finest)):
            for turns in _steps(_length(sizes, pieces, loop), 2):
                tiling = Tiling(split, ((loop, turns), *beside))
                if turns > 1 and largest(told, tiling) <= room:
                    return tiling
    return None


def turned(told: Told, pieces: Mapping[str, int]) -> tuple[str | None, str | None]:
    """The channels and the rows that are cut in turns, if there are any."""
    layer = told.placed.layer
    channel = next((loop for loop in CHANNELS if _length(layer.sizes, pieces, loop) > 1), None)
    row = next((loop for loop in ROWS if loop in layer.output.loops and _length(layer.sizes, pieces, loop) > 1), None)
    return channel, row


def _length(sizes: Mapping[str, int], pieces: Mapping[str, int], loop: str | None) -> int:
    """Iterations of the longest part of a loop; 1 for none."""
    return -(-sizes.get(loop, 1) // pieces.get(loop, 1)) if loop else 1


def _steps(length: int, least: int) -> list[int]:
    """Numbers of turns along a loop, from few to as many as it has values."""
    found = [min(least, length)]
    while found[-1] < length:
        found.append(min(length, found[-1] + max(1, found[-1] // 3)))
    return found


def largest(told: Told, tiling: Tiling) -> int:
    """The bits of all operands of the largest tile."""
    layer = told.placed.layer
    box: dict[str, Range] = {}
    for loop in tiling.loops:
        cut = tiling.cut(layer, loop)
        box[loop] = max(cut[:2] + cut[len(cut) // 2 :][:1], key=lambda part: part[1])
    ranges = told.ranges(box)
    widths = told.placed.widths
    cut_sums = any(loop not in layer.output.loops for loop in tiling.loops)
    bits = count(told.told("O", ranges)) * (widths.O if cut_sums else widths.O_final)
    for operand, width in (("I", widths.I), ("W", widths.W))[: len(layer.inputs)]:
        bits += count(told.told(operand, ranges)) * width
    return bits


def _weight_bits(told: Told, tiling: Tiling) -> int:
    """The bits of the constants of the largest tile."""
    layer = told.placed.layer
    if len(layer.inputs) < 2:
        return 0
    box = {loop: max(tiling.cut(layer, loop), key=lambda part: part[1]) for loop in tiling.loops}
    return count(told.told("W", told.ranges(box))) * told.placed.widths.W


def unrolled(mapping: MappingEntry, sizes: Mapping[str, int], array: Mapping[str, int]) -> dict[str, int]:
    """Loop -> units that a mapping entry unrolls it over; of hints the one that keeps most units busy."""
    found: dict[str, int] = {}
    for pairs in mapping.unrolled.values():
        for loop, factor in pairs:
            found[loop] = found.get(loop, 1) * factor
    for dim, hinted in (mapping.spatial_mapping_hint or {}).items():
        loop = max(hinted, key=lambda loop: min(sizes.get(loop, 1), array.get(dim, 1)), default=None)
        if loop is not None:
            found[loop] = found.get(loop, 1) * array.get(dim, 1)
    return found
