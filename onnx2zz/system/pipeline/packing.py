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
from onnx2zz.system.pipeline.channel_groups import Parts, Size
from onnx2zz.system.tiling import Tiling

HALVINGS = 12
"""Halvings of the iterations of the busiest core that are looked for."""
NUMBERS = 40
"""Numbers of parts that are tried for a group, from the least on at which one is small enough."""
LARGEST_PARTS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.34)
"""The share of a core's room that a part may fill. What a part leaves that nearly fills a core is too small for any
other, and the core idles: a little finer parts leave room for those of layers with much work and few weights."""


@dataclass(frozen=True)
class Packed:
    """By layer how it is cut, and the cores of its parts; `rounds`: iterations that no core has more of."""

    places: Mapping[int, tuple[Tiling, tuple[CoreId, ...]]]
    rounds: float


class Parted(Protocol):
    """What is cut in parts, `most` of them at the utmost."""

    @property
    def most(self) -> int: ...

    def parts(self, number: int, even: bool = False) -> Parts: ...


@dataclass
class Bins:
    """What is left of each of some cores: bits and iterations."""

    bits: list[float]
    rounds: list[float]

    def take(self, parts: Parts) -> tuple[int, ...] | None:
        """The cores of the parts in their order, each where least is left then; None, and nothing is taken, where they
        have no room."""
        used: set[int] = set()
        chosen: dict[Size, list[int]] = {}
        for size in sorted(set(parts.sizes), key=lambda size: (-size.bits, -size.rounds)):
            number = sum(one == size for one in parts.sizes)
            free = [n for n in range(len(self.bits)) if n not in used and self._has_room(n, size)]
            if len(free) < number:
                return None
            chosen[size] = sorted(free, key=lambda n: (self.bits[n], self.rounds[n], n))[:number]
            used.update(chosen[size])
        for size, cores in chosen.items():
            for one in cores:
                self.bits[one] -= size.bits
                self.rounds[one] -= size.rounds
        # Neighbouring parts of a size go to neighbouring cores.
        in_order = {size: iter(sorted(cores)) for size, cores in chosen.items()}
        return tuple(next(in_order[size]) for size in parts.sizes)

    def _has_room(self, core: int, size: Size) -> bool:
        return self.bits[core] >= size.bits and self.rounds[core] >= size.rounds


@dataclass(frozen=True)
class Packing:
    """`groups`: in order; `cores`: those that there are, neighbours near each other; `room`: bits of each that parts
    may hold; `even`: parts may end within a step of the array, where whole steps would fit fewer."""

    groups: Sequence[Parted]
    cores: Sequence[CoreId]
    room: float
    even: bool = True
    known: dict[tuple[int, int, bool], Parts] = field(default_factory=dict[tuple[int, int, bool], Parts])

    def best(self) -> Packed | None:
        """The places of the parts that leave the busiest core the fewest iterations that are found; None where no
        places are found for all parts."""
        found = [one for share in LARGEST_PARTS if (one := self._halved(self.room * share)) is not None]
        return min(found, key=lambda one: one.rounds, default=None)

    def _halved(self, largest: float) -> Packed | None:
        """The same of parts of so many bits at most."""
        whole = sum(self._parts(number, 1).rounds for number in range(len(self.groups)))
        best, high, low = self._packed(whole, largest), whole, whole / len(self.cores)
        for _ in range(HALVINGS if best is not None else 0):
            middle = math.sqrt(low * high)
            found = self._packed(middle, largest)
            if found is None:
                low = middle
            else:
                best, high = found, middle
        return best

    def _parts(self, group: int, number: int, even: bool = False) -> Parts:
        if (group, number, even) not in self.known:
            self.known[group, number, even] = self.groups[group].parts(number, even)
        return self.known[group, number, even]

    @cached_property
    def _largest_first(self) -> list[int]:
        return sorted(range(len(self.groups)), key=lambda group: (-self._parts(group, 1).bits, group))

    def _packed(self, rounds: float, largest: float) -> Packed | None:
        """Places at which no core has more iterations than so many, of parts of so many bits at most."""
        bins = Bins([self.room] * len(self.cores), [rounds] * len(self.cores))
        places: dict[int, tuple[Parts, tuple[int, ...]]] = {}
        for group in self._largest_first:
            for parts in self._cut(group, rounds, largest):
                taken = bins.take(parts)
                if taken is not None:
                    places[group] = parts, taken
                    break
            else:
                return None
        return Packed(self._told(places), rounds)

    def _cut(self, group: int, rounds: float, largest: float) -> Iterator[Parts]:
        """How a group may be cut: in as few parts as are small enough, then in more."""
        found = 0
        for number in range(1, min(self.groups[group].most, len(self.cores)) + 1):
            for even in (False, True) if self.even else (False,):
                parts = self._parts(group, number, even)
                if parts.bits <= largest and parts.rounds <= rounds:
                    yield parts
                    found += 1
                    break
            if found == NUMBERS:
                return

    def _told(
        self, places: Mapping[int, tuple[Parts, tuple[int, ...]]]
    ) -> dict[int, tuple[Tiling, tuple[CoreId, ...]]]:
        """What lies together goes to cores in the order of the network, so that neighbours in it are near."""
        first: dict[int, int] = {}
        for group in sorted(places):
            for one in places[group][1]:
                first.setdefault(one, group)
        order = sorted(range(len(self.cores)), key=lambda one: (first.get(one, len(self.groups)), one))
        core_of = {one: self.cores[place] for place, one in enumerate(order)}
        found: dict[int, tuple[Tiling, tuple[CoreId, ...]]] = {}
        for parts, taken in places.values():
            for layer, tiling in parts.tilings.items():
                found[layer] = tiling, tuple(core_of[one] for one in taken)
        return found
