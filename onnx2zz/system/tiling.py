"""How a layer is shared out: over cores at once, and on each core in turns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from onnx2zz.ir.layer import Layer
from onnx2zz.system.network import CoreId
from onnx2zz.system.tile import Box, Range, parts

Pieces = tuple[tuple[str, int], ...]
"""Loops, and in how many parts each is cut."""


@dataclass(frozen=True)
class Tiling:
    """`split`: parts that run on different cores. `turns`: parts that follow each other on a core. Of both the first
    loop's parts change slowest. A loop in both is cut in turns first: neighbouring parts of a turn run on neighbouring
    cores, so that a following layer can begin with the first turn's. Parts of a loop that is summed over make partial
    sums, which the core of the last part adds. `grain`: parts of a loop are multiples of so many
    iterations. `striped`: a loop in both is cut over the cores first, so that each has a stripe, turn after turn.
    `broadcast`: what each frame brings anew goes to all its cores by one transfer, the parts that a core does not read
    too: one packet where halos would make many."""

    split: Pieces = ()
    turns: Pieces = ()
    grain: Pieces = ()
    striped: bool = False
    broadcast: bool = False

    @property
    def cores(self) -> int:
        """How many cores it takes."""
        return math.prod(number for _, number in self.split)

    @property
    def loops(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(loop for loop, _ in (*self.split, *self.turns)))

    def pieces(self, loop: str) -> tuple[int, int]:
        """How many parts of a loop run at once, and in how many turns."""
        return dict(self.split).get(loop, 1), dict(self.turns).get(loop, 1)

    def cut(self, layer: Layer, loop: str) -> list[Range]:
        """The ranges of a loop, in order."""
        return [part for _, _, part in self.shared_out(layer, loop)]

    def shared_out(self, layer: Layer, loop: str) -> list[tuple[int, int, Range]]:
        """Each range of a loop with its turn and its place among the cores, in the order of the ranges."""
        at_once, turns = self.pieces(loop)
        size, grain = layer.sizes[loop], dict(self.grain).get(loop, 1)
        # Parts of a turn side by side: number = turn * cores + place.
        if not self.striped:
            cut = parts(size, at_once * turns, grain)
            return [(*divmod(number, at_once), part) for number, part in enumerate(cut)]
        return [
            (turn, place, (begin + start, length))
            for place, (begin, stripe) in enumerate(parts(size, at_once, grain))
            for turn, (start, length) in enumerate(parts(stripe, turns, grain))
        ]


@dataclass(frozen=True)
class Share:
    """One tile to be: its place among the cores, its turn, and its box."""

    place: int
    turn: int
    box: Box


def shares(layer: Layer, tiling: Tiling) -> list[Share]:
    """All tiles of a layer, turn by turn."""
    places, turns = _weights(tiling.split), _weights(tiling.turns)
    found: list[Share] = [Share(0, 0, Box())]
    for loop in tiling.loops:
        cut = tiling.shared_out(layer, loop)
        place_weight, turn_weight = places.get(loop, 0), turns.get(loop, 0)
        found = [
            Share(
                share.place + place * place_weight,
                share.turn + turn * turn_weight,
                Box((*share.box.ranges, (loop, part))),
            )
            for share in found
            for turn, place, part in cut
        ]
    found = sorted(found, key=lambda share: (share.turn, share.place))
    summed = {loop: tiling.cut(layer, loop) for loop in tiling.loops if loop not in layer.output.loops}
    return [replace(share, box=_of_a_sum(share.box, summed)) for share in found] if summed else found


def _of_a_sum(box: Box, summed: Mapping[str, Sequence[Range]]) -> Box:
    """A box of a layer whose sum is cut, along the loops `summed` with these parts.

    The last part adds the others: its turn is the last of its core, so that it ends last anyway.
    """
    others = math.prod(len(cut) for cut in summed.values()) - 1
    last = all(part == summed[loop][-1] for loop, part in box.ranges if loop in summed)
    return replace(box, partial=not last, adds=others if last else 0)


def _weights(pieces: Pieces) -> dict[str, int]:
    """How many numbers one step of each loop is worth, the first loop's steps being the largest."""
    found: dict[str, int] = {}
    weight = 1
    for loop, number in reversed(pieces):
        found[loop] = weight
        weight *= number
    return found


def placed(layer: Layer, tiling: Tiling, cores: Sequence[CoreId]) -> list[tuple[CoreId, Share]]:
    """Each tile with its core."""
    return [(cores[share.place], share) for share in shares(layer, tiling)]
