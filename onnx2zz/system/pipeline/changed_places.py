"""Cores of a pipeline that change places, so that the busiest link gets less to carry.

What a link carries is counted in cycles, headers and hops included: most of what small packets take. (`mesh_places.py`
counts bits x links, which energy hangs on.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from onnx2zz.system.network import CoreId
from onnx2zz.system.pipeline.circle import whole
from onnx2zz.system.plan import Transfer
from onnx2zz.system.transfer_ways import TransferWays

POWER = 24
"""Of the sum that is made less: so high that what is busiest counts most, and others that come near it count, too."""
ENOUGH = 0.999
"""How many times the cost a change may leave for it to be made."""
FEW = 8
"""Cores up to which those that a transfer goes to count as partners of each other."""


@dataclass
class ChangedPlaces:
    """`busy`: cycles of each core and link, by `number`, the cores where they are; `beside`: the cores beside each that
    may change places. `at`: where each of them has gone, and all that it does with it; `routes`: ways of transfers that
    were looked at."""

    ways: TransferWays
    transfers: Sequence[Transfer]
    number: Mapping[CoreId | str, int]
    beside: Mapping[CoreId, Sequence[CoreId]]
    busy: np.ndarray
    at: dict[CoreId, CoreId] = field(default_factory=dict[CoreId, CoreId])
    routes: int = 0
    _of_core: dict[CoreId, list[int]] = field(default_factory=dict[CoreId, list[int]])

    def __post_init__(self) -> None:
        self.at = {core: core for core in self.beside}
        self._of_core = {core: [] for core in self.beside}
        for number in range(len(self.transfers)):
            for core in self._ends(number):
                self._of_core[core].append(number)

    def improve(self, most: int) -> None:
        """Change places until nothing is better, or so many ways have been looked at."""
        while len(self._links) and self.routes < most and self._step(most):
            pass

    def _step(self, most: int) -> bool:
        """The first change that takes something off the busiest link and makes the cost less; whether there is one."""
        enough = self._cost(self.busy) * ENOUGH
        for core, place in self._changes(int(self._links[self.busy[self._links].argmax()])):
            other = self._who(place)
            after = {**self.at, core: place, other: self.at[core]}
            busy = self._busy(core, other, after)
            if self._cost(busy) < enough:
                self.at, self.busy = after, busy
                return True
            if self.routes >= most:
                break
        return False

    def _cost(self, busy: np.ndarray) -> float:
        """Of links alone: what cores have to do, they have to do anywhere, and the less the links are taken the better
        transfers find their times."""
        of_links = busy[self._links]
        most = float(of_links.max())
        return most * float(((of_links / most) ** POWER).sum()) ** (1 / POWER) if most else 0.0

    @cached_property
    def _links(self) -> np.ndarray:
        # Not those off the chip: what comes from there comes over them wherever it goes.
        return np.array([self.number[link.id] for link in self.ways.system.network.links], dtype=np.int64)

    def _changes(self, link: int) -> Iterator[tuple[CoreId, CoreId]]:
        """The cores whose transfers take a link, with the places beside them and beside their partners."""
        over = [n for n in range(len(self.transfers)) if link in self._taken(n, self.at)[0]]
        # What goes to few cores hangs on where these are; a tree to many is about as long wherever one of them lies.
        over.sort(key=lambda n: len(self.transfers[n].to))
        for core in dict.fromkeys(core for n in over for core in self._ends(n)):
            few = (n for n in self._of_core[core] if len(self.transfers[n].to) < FEW)
            partners = sorted({core, *(end for n in few for end in self._ends(n))})
            for place in dict.fromkeys(near for one in partners for near in self.beside[self.at[one]]):
                if place != self.at[core]:
                    yield core, place

    def _busy(self, core: CoreId, other: CoreId, after: Mapping[CoreId, CoreId]) -> np.ndarray:
        """What is busy how long where these two have changed places."""
        busy = self.busy.copy()
        here, there = self.number[self.at[core]], self.number[self.at[other]]
        busy[[here, there]] = busy[[there, here]]
        for n in dict.fromkeys((*self._of_core[core], *self._of_core[other])):
            for at, sign in ((self.at, -1), (after, 1)):
                numbers, cycles = self._taken(n, at)
                busy[numbers] += sign * cycles
            self.routes += 1
        return busy

    def _taken(self, n: int, at: Mapping[CoreId, CoreId]) -> tuple[list[int], float]:
        """The links that a transfer takes, and for how long."""
        one = self.transfers[n]
        to = tuple(sorted(at.get(core, core) for core in one.to))
        route, cycles = self.ways.between(at.get(one.source, one.source), to, one.is_input, one.bits)
        return [self.number[link.id] for link in route.links], whole(cycles)

    def _ends(self, n: int) -> Iterator[CoreId]:
        one = self.transfers[n]
        yield from (core for core in dict.fromkeys((one.source, *one.to)) if core in self.at)

    def _who(self, place: CoreId) -> CoreId:
        return next(core for core, at in self.at.items() if at == place)
