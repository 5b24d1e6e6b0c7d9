"""The shortest interval at which the frames of one plan can follow each other."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId
from onnx2zz.system.order import Overfull, deepest_first, ordered
from onnx2zz.system.pipeline.circle import whole
from onnx2zz.system.pipeline.repeating import NoTimeError, loads, repeating
from onnx2zz.system.pipeline.residency import constants, settle, staying
from onnx2zz.system.plan import Plan, Tile
from onnx2zz.system.schedule import Schedule, TileCycles

SHARES = (1.0, 0.9, 0.8, 0.65, 0.5, 0.3, 0.0)
"""The share of each core's memory that weights which stay may take."""
NEAR = (1.0, 1.005, 1.01, 1.02, 1.03)
"""Intervals that are tried first, over the busiest core's or link's load of a frame: cores and links may fill them."""
MOST_JOBS = 40_000
"""Tiles and transfers of a plan that are given times, all tries together; a frame alone is, in any case."""
LITTLE_ROOM = 4
"""So many times as much is tried where all weights stay: what is left beside them fits few of the intervals."""
AS_GOOD = 1.03
"""Intervals, or latencies, up to so many times the least are as good: what comes next decides between them."""


@dataclass(frozen=True)
class Running:
    """A frame that repeats at an interval. `staying`: transfers of weights that come before the first frame."""

    schedule: Schedule
    interval: float
    staying: frozenset[int]

    @property
    def latency(self) -> float:
        """Cycles from a frame's first start to its last end."""
        return self.schedule.latency


@dataclass(frozen=True)
class Pacing:
    """One plan, of whose intervals the shortest is looked for. `all_stay`: no weights may come with a frame. `spent`:
    the tiles and transfers of each schedule that was made."""

    plan: Plan
    cycles: TileCycles
    system: System
    all_stay: bool = False
    spent: list[int] = field(default_factory=list[int])

    def found(self, below: Callable[[], float]) -> Iterator[Running]:
        """What can be, with as many weights staying as possible first; where the busiest core or link takes longer
        than `below` says, nothing is looked for. Nothing where no order fits the memories."""
        # What lies on the cores without any weights that stay: an earlier look at this plan may have left its own.
        settle(self.plan, frozenset())
        already = dict(self.plan.resident)
        tried: set[frozenset[int]] = set()
        for share in SHARES:
            room = {core: bits * share - already.get(core, 0) for core, bits in self._capacity.items()}
            chosen = staying(constants(self.plan), room)
            if self.all_stay and len(chosen) < len(constants(self.plan)):
                return
            # A smaller share may hold the same weights; and one share is tried whatever it takes, so that there is an
            # answer.
            if chosen in tried or (tried and self._over()):
                continue
            tried.add(chosen)
            settle(self.plan, chosen)
            busy = loads(self.plan, self.cycles, self.system)
            least = max(busy.values())
            shortest = math.inf
            for order in self._orders() if least <= below() * AS_GOOD else ():
                if shortest < math.inf:
                    break
                for one in self._of_order(order, chosen, busy):
                    shortest = min(shortest, one.interval)
                    yield one
            cores_bind = least == max(busy.get(core, 0.0) for core in self._capacity)
            if cores_bind and shortest <= least * AS_GOOD:
                return  # fewer weights that stay make no core faster

    @property
    def _capacity(self) -> dict[CoreId, float]:
        return {core.id: float(core.capacity) for core in self.system.cores}

    def _orders(self) -> Iterator[Sequence[Tile]]:
        """Orders that fit the memories. Where all weights stay little room is left: the deepest tile first, which holds
        least of what lies between layers, may do where the usual order holds too much at the times that come of it."""
        usual = ordered(self.plan, self._capacity)
        if not isinstance(usual, Overfull):
            yield usual
        if self.all_stay:
            deep = deepest_first(self.plan, self._capacity)
            if not isinstance(deep, Overfull):
                yield deep

    def _of_order(
        self, order: Sequence[Tile], chosen: frozenset[int], busy: Mapping[CoreId | str, float]
    ) -> Iterator[Running]:
        """The shortest intervals that are found, up to those that are as good."""
        # At the sum of all loads hardly any frames overlap: what does not fit then fits at no interval, and its
        # latency is an interval as well.
        alone = self._at(order, chosen, whole(sum(busy.values())))
        if alone is None:
            return
        least, one_by_one = max(busy.values()), alone.latency
        too_short, shortest = whole(least), math.inf
        for interval in (whole(least * factor) for factor in NEAR):
            if min(one_by_one, shortest * AS_GOOD) <= interval or self._over():
                break
            one = self._at(order, chosen, interval)
            if one is None:
                too_short = interval
                continue
            yield one
            shortest = min(shortest, interval)
            if one.latency <= one_by_one * AS_GOOD:
                return  # a longer interval makes no frame sooner
        if shortest < math.inf:
            return
        yield Running(alone.schedule, one_by_one, chosen)
        shortest = one_by_one
        while too_short * AS_GOOD < shortest and not self._over():
            # Halved by the ratio: what is looked for is how many times the least, and that may be many times.
            interval = whole(math.sqrt(too_short * shortest))
            one = self._at(order, chosen, interval)
            if one is None:
                too_short = interval
                continue
            yield one
            shortest = interval

    def _over(self) -> bool:
        """Whether as much has been tried as may be."""
        return sum(self.spent) > MOST_JOBS * (LITTLE_ROOM if self.all_stay else 1)

    def _at(self, order: Sequence[Tile], chosen: frozenset[int], interval: float) -> Running | None:
        """A frame that repeats at an interval, packed only where that is needed: tiles wait then."""
        for packed in (False, True):
            self.spent.append(len(self.plan.tiles) + len(self.plan.transfers))
            try:
                found = repeating(self.plan, order, self.cycles, self.system, interval, packed)
            except NoTimeError:
                continue
            return None if found is None else Running(found, interval, chosen)
        return None
