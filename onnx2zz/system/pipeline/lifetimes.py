"""From when until when each thing lies in a core's memory, and what that comes to where frames follow each other."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.system.memory import MemoryCourse
from onnx2zz.system.network import CoreId
from onnx2zz.system.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Bits that lie on a core from a time to another."""

    core: CoreId
    start: float
    end: float
    bits: int


def lifetimes(
    schedule: Schedule, frames: float = math.inf, first: bool = True, kept: Sequence[tuple[float, float]] = ()
) -> Iterator[Lifetime]:
    """All that comes and goes in a schedule: an arrival until its last reader has ended, an output until its last
    reader and transfer have. What stays for good is not among it. `frames`: only the first ones of a batch run;
    `first`: what comes with its first frame is kept for the others (`batch._keep_the_first_inputs`); `kept`: so much
    later as many frames read again what comes from off the chip with the first one."""
    tiles, transfers = schedule.tiles, schedule.transfers
    for transfer in schedule.plan.transfers:
        # What is set up stays for good and is counted as resident; a mark has no bits.
        if transfer.setup or not transfer.bits or transfer.frame >= frames:
            continue
        start, end = transfers[transfer.number]
        until = {core: end for core in transfer.to if core in schedule.memory}
        for reader in (one for one in transfer.readers if one.frame < frames):
            until[reader.core] = max(until[reader.core], tiles[reader.number][1])
        for keeper in transfer.keepers:
            if keeper.frame >= (frames if first else transfer.frame + 1):
                continue
            # A tile that reads by order alone keeps what had come before it began, and nothing that comes later.
            if end <= tiles[keeper.number][0]:
                until[keeper.core] = max(until[keeper.core], tiles[keeper.number][1])
        for later, number in kept if transfer.of is None and not transfer.frame else ():
            for tile in (one for one in (*transfer.readers, *transfer.keepers) if one.frame < number):
                until[tile.core] = max(until[tile.core], tiles[tile.number][1] + later)
        for core, last in until.items():
            yield Lifetime(core, start, last, transfer.bits)
    for tile in (one for one in schedule.plan.tiles if one.frame < frames):
        start, end = tiles[tile.number]
        ends = [tiles[reader][1] for reader in tile.readers]
        ends += [transfers[sent.number][1] for sent in tile.sends]
        yield Lifetime(tile.core, start, max([end, *ends]), tile.bits)


def repeated(held: Iterable[Lifetime], interval: float) -> Iterator[Lifetime]:
    """What the first interval sees of a schedule that has always been repeating: one that lasts longer than it is there
    several times at once."""
    for one in held:
        start = math.fmod(one.start, interval)
        end = start + one.end - one.start
        while end > 0:
            yield Lifetime(one.core, max(start, 0.0), min(end, interval), one.bits)
            # What a frame holds longer than an interval, the frames before it hold in this one, too.
            start, end = start - interval, end - interval


def courses(
    held: Iterable[Lifetime], resident: Mapping[CoreId, int], capacity: Mapping[CoreId, float]
) -> dict[CoreId, MemoryCourse]:
    """What each core holds over time."""
    changes: dict[CoreId, dict[float, float]] = {core: {0.0: resident.get(core, 0)} for core in capacity}
    for one in held:
        own = changes[one.core]
        own[one.start] = own.get(one.start, 0.0) + one.bits
        own[one.end] = own.get(one.end, 0.0) - one.bits
    found: dict[CoreId, MemoryCourse] = {}
    for core, own in changes.items():
        times = sorted(own)
        found[core] = MemoryCourse(capacity[core], times, [own[time] for time in times])
    return found
