"""The shortest interval at which the frames of one plan can follow each other."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from onnx2zz.system.description import System
from onnx2zz.system.network import CoreId
from onnx2zz.system.order import Overfull, deepest_first, ordered
from onnx2zz.system.pipeline.batch_order import deep_at_first
from onnx2zz.system.pipeline.circle import whole
from onnx2zz.system.pipeline.repeating import NoTimeError, loads, repeating
from onnx2zz.system.pipeline.residency import constants, settle, staying
from onnx2zz.system.plan import Plan, Tile
from onnx2zz.system.schedule import Schedule, TileCycles

SHARES = (1.0, 0.9, 0.8, 0.65, 0.5, 0.3, 0.0)
"""The share of each core's memory that weights which stay may take."""
NEAR = (1.0, 1.005, 1.01, 1.02, 1.03)
"""Intervals that are tried first, over the busiest core's or link's load of a frame: cores and links may fill them."""
APART = (1.0, 1.01, 1.03, 1.1, 1.3, 1.6)
"""Intervals at which batches hardly overlap, over what one takes alone: its frames are to end evenly."""
MOST_JOBS = 40_000
"""Tiles and transfers of a plan that are given times, all tries together; a frame alone is, in any case."""
MOST_KEPT = 4_000
"""The same where places on the links are kept for transfers: for small plans, whose packets are small, too."""
LITTLE_ROOM = 4
"""So many times as much is tried where all weights stay: what is left beside them fits few of the intervals."""
AS_GOOD = 1.03
"""Intervals, or latencies, up to so many times the least are as good: what comes next decides between them."""


@dataclass(frozen=True)
class Running:
    """A frame that repeats, or a batch of frames that does. `period`: the cycles after which it does the same;
    `staying`: transfers of weights that come before the first frame."""

    schedule: Schedule
    period: float
    staying: frozenset[int]
    batch: int = 1

    @property
    def interval(self) -> float:
        """Cycles for each frame."""
        return self.period / self.batch

    @cached_property
    def latency(self) -> float:
        """Cycles from a frame's first start to its last end, of the frame that takes longest."""
        return self.schedule.longest_frame


@dataclass(frozen=True)
class Pacing:
    """One plan, of whose intervals the shortest is looked for. `all_stay`: no weights may come with a frame; `batch`:
    the frames that the plan is of. `spent`: the tiles and transfers of each schedule that was made, `kept`: of those
    with places that were kept for transfers."""

    plan: Plan
    cycles: TileCycles
    system: System
    all_stay: bool = False
    batch: int = 1
    spent: list[int] = field(default_factory=list[int])
    kept: list[int] = field(default_factory=list[int])

    def found(self, below: Callable[[], float]) -> Iterator[Running]:
        """What can be, with as many weights staying as possible first; where the busiest core or link takes longer
        than `below` says, nothing is looked for. Nothing where no order fits the memories."""
        # What lies on the cores without any weights that stay: an earlier look at this plan may have left its own.
        settle(self.plan, frozenset())
        already = dict(self.plan.resident)
        tried: set[frozenset[int]] = set()
        # What comes for all frames of a batch costs the port little, and the activations of several need room.
        for share in SHARES if self.batch == 1 else SHARES[::-1]:
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
            for order in self._orders() if least <= below() * self.batch * AS_GOOD else ():
                if shortest < math.inf:
                    break
                for one in self._of_order(order, chosen, busy):
                    shortest = min(shortest, one.period)
                    yield one
                for one in self._with_kept_places(order, chosen, least, min(shortest, below())):
                    shortest = min(shortest, one.period)
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
        if self.batch > 1:
            yield from deep_at_first(self.plan, self._capacity)
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
        alone = self._at(order, chosen, whole(sum(busy.values())), evenly=False)
        if alone is None:
            return
        least, one_by_one = max(busy.values()), alone.schedule.latency
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
            if one.schedule.latency <= one_by_one * AS_GOOD:
                return  # a longer interval makes no frame sooner
        if shortest < math.inf:
            return
        one_after_other = (
            replace(alone, period=one_by_one) if self.batch == 1 else self._apart(order, chosen, one_by_one)
        )
        if one_after_other is None:
            return
        yield one_after_other
        shortest = one_after_other.period
        while too_short * AS_GOOD < shortest and not self._over():
            # Halved by the ratio: what is looked for is how many times the least, and that may be many times.
            interval = whole(math.sqrt(too_short * shortest))
            one = self._at(order, chosen, interval)
            if one is None:
                too_short = interval
                continue
            yield one
            shortest = interval

    def _with_kept_places(
        self, order: Sequence[Tile], chosen: frozenset[int], least: float, shortest: float
    ) -> Iterator[Running]:
        """Shorter intervals than the shortest, at which transfers wait for places on the links."""
        too_short = least
        while self.batch == 1 and too_short * AS_GOOD < shortest < math.inf:
            self.kept.append(len(self.plan.tiles) + len(self.plan.transfers))
            if sum(self.kept) > MOST_KEPT:
                return
            interval = whole(math.sqrt(too_short * shortest))
            one = self._at(order, chosen, interval, kept=True)
            if one is None:
                too_short = interval
            else:
                yield one
                shortest = interval

    def _apart(self, order: Sequence[Tile], chosen: frozenset[int], length: float) -> Running | None:
        """Batches that hardly overlap; `length`: of one whose frames end as soon as they can."""
        made = (self._at(order, chosen, whole(length * factor)) for factor in APART)
        return next((one for one in made if one is not None), None)

    def _over(self) -> bool:
        """Whether as much has been tried as may be."""
        return sum(self.spent) > MOST_JOBS * (LITTLE_ROOM if self.all_stay else 1)

    def _at(
        self, order: Sequence[Tile], chosen: frozenset[int], interval: float, evenly: bool = True, kept: bool = False
    ) -> Running | None:
        """A frame that repeats at an interval, packed only where that is needed: tiles wait then. `evenly`: the frames
        of a batch end a part of the interval apart. `kept`: transfers wait for places that are kept for them."""
        batch = self.batch if evenly else 1
        for packed in (False, True):
            if not kept:
                self.spent.append(len(self.plan.tiles) + len(self.plan.transfers))
            try:
                found = repeating(self.plan, order, self.cycles, self.system, interval, packed, batch, kept)
            except NoTimeError:
                continue
            return None if found is None else Running(found, interval, chosen, self.batch)
        return None
