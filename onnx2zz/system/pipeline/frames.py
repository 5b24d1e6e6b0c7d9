"""A running pipeline as it is written down: what comes before the first frame, and then frame after frame."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from onnx2zz.system.memory import Interval
from onnx2zz.system.network import CoreId, Route
from onnx2zz.system.outcome import SystemOutcome
from onnx2zz.system.pipeline.lifetimes import Lifetime, courses, lifetimes
from onnx2zz.system.pipeline.residency import places_kept
from onnx2zz.system.plan import Plan, Tile, Transfer
from onnx2zz.system.schedule import Schedule


def in_frames(frame: SystemOutcome, frames: int) -> SystemOutcome:
    """The outcome of one frame of a pipeline (or of a batch of them) as that of several, each an interval after the one
    before. What is set up comes once."""
    assert frame.interval is not None
    kept = places_kept(frame.schedule.plan)
    many = _Frames(frame.schedule, frame.interval, _reading_later(frame, frames) if kept else ())
    for first in range(0, frames, frame.batch):
        many.add(first, min(frame.batch, frames - first))
    made = many.made(frame)
    tiles, transfers = made.plan.tiles, made.plan.transfers
    return replace(
        frame,
        schedule=made,
        frames=frames,
        tile_energy={tile.number: frame.tile_energy[many.first[tile.number]] for tile in tiles},
        link_energy={one.number: frame.link_energy[many.first_sent[one.number]] for one in transfers},
        offchip_energy={one.number: frame.offchip_energy[many.first_sent[one.number]] for one in transfers},
        static_pj=frame.static_pj / frame.interval * made.latency,
        macs=frame.macs * frames,
    )


def _reading_later(frame: SystemOutcome, frames: int) -> Sequence[tuple[float, int]]:
    """How much later the last two batches follow the first one, and their frames."""
    assert frame.interval is not None
    firsts = range(0, frames, frame.batch)[1:][-2:]
    return [(first * frame.interval, min(frame.batch, frames - first)) for first in firsts]


@dataclass
class _Frames:
    """Frames so far. `first`, `first_sent`: the number in the one frame of each tile and transfer.
    `kept`: how much later as many frames may still read the first one's inputs, whose place is kept."""

    one: Schedule
    interval: float
    kept: Sequence[tuple[float, int]]
    plan: Plan = field(init=False)
    tiles: dict[int, Interval] = field(default_factory=dict[int, Interval])
    transfers: dict[int, Interval] = field(default_factory=dict[int, Interval])
    routes: dict[int, Route] = field(default_factory=dict[int, Route])
    held: list[Lifetime] = field(default_factory=list[Lifetime])
    first: dict[int, int] = field(default_factory=dict[int, int])
    first_sent: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        of = self.one.plan
        self.plan = Plan(of.layers, hulls=of.hulls, resident=of.resident, multicast=of.multicast)

    def add(self, frame: int, number_of_them: int) -> None:
        """The frame, or so many of a batch, of which it is the first."""
        later = frame * self.interval
        copies: dict[int, Tile] = {}
        own = [tile for tile in self.one.plan.tiles if tile.frame < number_of_them]
        for tile in own:
            number, which = len(self.plan.tiles), frame + tile.frame
            copy = Tile(number, tile.layer, tile.core, tile.turn, tile.box, tile.makes, tile.bits, frame=which)
            self.plan.tiles.append(copy)
            self.plan.by_layer.setdefault(tile.layer, []).append(copy)
            self.tiles[number] = _moved(self.one.tiles[tile.number], later)
            self.first[number], copies[tile.number] = tile.number, copy
        for tile in own:
            copies[tile.number].adds = {copies[number].number: copies[number] for number in tile.adds}
        for sent in (one for one in self.one.plan.transfers if one.frame < number_of_them):
            # What is set up serves all frames.
            if not sent.setup or frame == 0:
                self._add_sent(sent, None if sent.of is None else copies[sent.of.number], frame, later)
        self.held += [
            replace(one, start=one.start + later, end=one.end + later)
            for one in lifetimes(self.one, number_of_them, first=not frame, kept=() if frame else self.kept)
        ]

    def _add_sent(self, sent: Transfer, of: Tile | None, frame: int, later: float) -> None:
        number = len(self.plan.transfers)
        copy = replace(sent, number=number, of=of, frame=frame + sent.frame)
        self.plan.transfers.append(copy)
        self.transfers[number] = _moved(self.one.transfers[sent.number], later)
        self.routes[number] = self.one.routes[sent.number]
        self.first_sent[number] = sent.number

    def made(self, frame: SystemOutcome) -> Schedule:
        capacity: dict[CoreId, float] = {core.id: float(core.capacity) for core in frame.system.cores}
        memory = courses(self.held, self.plan.resident, capacity)
        return Schedule(self.plan, self.tiles, self.transfers, self.routes, memory)


def _moved(times: Interval, later: float) -> Interval:
    return times[0] + later, times[1] + later
