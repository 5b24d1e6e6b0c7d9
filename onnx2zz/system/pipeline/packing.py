"""All weights of a network on few cores: parts of layers packed so that the busiest core has least to do.

A part has two sizes, the bits that its core holds throughout and its iterations of the array. Groups of layers are
placed one after the other, the largest first, each in as few parts as fit; a part goes where it leaves least room
(vector bin packing, best fit). The fewest iterations of the busiest core at which all find a place are halved for.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.channel_groups import Part
from onnx2zz.system.tiling import Tiling

HALVINGS = 12
"""Halvings of the iterations of the busiest core that are looked for."""
NUMBERS = 8
"""Numbers of parts that are tried for a group, from the least on at which one fits a core."""


@dataclass(frozen=True)
class Packed:
    """By layer how it is cut, and the cores of its parts; `rounds`: iterations that no core has more of."""

    places: Mapping[int, tuple[Tiling, tuple[CoreId, ...]]]
    rounds: float


class Parted(Protocol):
    """What is cut in parts, `most` of them at the utmost."""

    @property
    def most(self) -> int: ...

    def part(self, number: int, even: bool = False) -> Part: ...


@dataclass
class Bins:
    """What is left of each of some cores: bits and iterations."""

    bits: list[float]
    rounds: list[float]

    def take(self, part: Part, number: int) -> tuple[int, ...] | None:
        """The cores of so many parts, where least is left then; None, and nothing is taken, where they have no room."""
        free = [n for n in range(len(self.bits)) if self.bits[n] >= part.bits and self.rounds[n] >= part.rounds]
        if len(free) < number:
            return None
        chosen = sorted(free, key=lambda n: (self.bits[n], self.rounds[n], n))[:number]
        for one in chosen:
            self.bits[one] -= part.bits
            self.rounds[one] -= part.rounds
        return tuple(sorted(chosen))


@dataclass(frozen=True)
class Packing:
    """`groups`: in order; `cores`: those that there are, neighbours near each other; `room`: bits of each that parts
    may hold; `even`: parts may end within a step of the array, where whole steps would fit fewer."""

    groups: Sequence[Parted]
    cores: Sequence[CoreId]
    room: float
    even: bool = True
    known: dict[tuple[int, int, bool], Part] = field(default_factory=dict[tuple[int, int, bool], Part])

    def best(self) -> Packed | None:
        """The places of the parts that leave the busiest core the fewest iterations that are found; None where no
        places are found for all parts."""
        whole = sum(self._part(number, 1).rounds for number in range(len(self.groups)))
        best, high, low = self._packed(whole), whole, whole / len(self.cores)
        for _ in range(HALVINGS if best is not None else 0):
            middle = math.sqrt(low * high)
            found = self._packed(middle)
            if found is None:
                low = middle
            else:
                best, high = found, middle
        return best

    def _part(self, group: int, number: int, even: bool = False) -> Part:
        if (group, number, even) not in self.known:
            self.known[group, number, even] = self.groups[group].part(number, even)
        return self.known[group, number, even]

    @cached_property
    def _largest_first(self) -> list[int]:
        return sorted(range(len(self.groups)), key=lambda group: (-self._part(group, 1).bits, group))

    def _packed(self, rounds: float) -> Packed | None:
        """Places at which no core has more iterations than so many."""
        bins = Bins([self.room] * len(self.cores), [rounds] * len(self.cores))
        places: dict[int, tuple[Part, tuple[int, ...]]] = {}
        for group in self._largest_first:
            for number, part in self._cut(group, rounds):
                taken = bins.take(part, number)
                if taken is not None:
                    places[group] = part, taken
                    break
            else:
                return None
        return Packed(self._told(places), rounds)

    def _cut(self, group: int, rounds: float) -> Iterator[tuple[int, Part]]:
        """In how many parts a group may be cut, and one of them: as few as fit a core each, then more."""
        found = 0
        for number in range(1, min(self.groups[group].most, len(self.cores)) + 1):
            for even in (False, True) if self.even else (False,):
                part = self._part(group, number, even)
                if part.bits <= self.room and part.rounds <= rounds:
                    yield number, part
                    found += 1
                    break
            if found == NUMBERS:
                return

    def _told(self, places: Mapping[int, tuple[Part, tuple[int, ...]]]) -> dict[int, tuple[Tiling, tuple[CoreId, ...]]]:
        """What lies together goes to cores in the order of the network, so that neighbours in it are near."""
        first: dict[int, int] = {}
        for group in sorted(places):
            for one in places[group][1]:
                first.setdefault(one, group)
        order = sorted(range(len(self.cores)), key=lambda one: (first.get(one, len(self.groups)), one))
        core_of = {one: self.cores[place] for place, one in enumerate(order)}
        found: dict[int, tuple[Tiling, tuple[CoreId, ...]]] = {}
        for part, taken in places.values():
            for layer, tiling in part.tilings.items():
                found[layer] = tiling, tuple(core_of[one] for one in taken)
        return found
