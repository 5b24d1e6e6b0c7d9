"""trace.json: a schedule as events of Chrome's tracing (files/trace_events.py), which Perfetto opens.

One track for each core, link and port, and a counter for each core's memory. On a link, transfers of one operand that
follow each other without a rest are one slice, which says how many they are. Where there are very many, rests between
them do not matter: a slice is all that a link carries of an operand before it carries another, and says for how many
cycles it is `busy`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from onnx2zz.files.trace_events import Course, Event, process, span, trace_bytes, trace_text, track
from onnx2zz.system.outcome import SystemOutcome

CORES, LINKS = 1, 2
"""The process ids under which tracks are grouped."""
MANY = 200_000
"""Transfers, each counted on all links that it takes, beyond which rests are not shown."""


def trace(outcome: SystemOutcome) -> str:
    """The whole document as text."""
    return trace_text(_events(outcome), _memory(outcome))


def trace_file(outcome: SystemOutcome) -> Iterator[bytes]:
    """The same in pieces of a file."""
    return trace_bytes(_events(outcome), _memory(outcome))


def _events(outcome: SystemOutcome) -> Iterator[Event]:
    yield from _names(outcome)
    layers = outcome.schedule.plan.layers
    for tile in outcome.tiles:
        start, end = outcome.schedule.tiles[tile.number]
        box = {loop: f"{first}..{first + size - 1}" for loop, (first, size) in tile.box.ranges}
        frame = {"frame": tile.frame} if outcome.frames > 1 else {}
        yield span(layers[tile.layer].placed.name, CORES, tile.core, start, end, {"tile": tile.number, **frame, **box})
    yield from _transfers(outcome)


def _memory(outcome: SystemOutcome) -> Iterator[Course]:
    for core, events in outcome.memory():
        yield Course(f"memory of core {core}", CORES, "bits", events)


@dataclass
class _Slice:
    """What a link carries of one operand of one layer before anything else: transfers from `first` to `last`."""

    name: str
    start: float
    end: float
    first: int
    last: int
    transfers: int
    bits: int
    busy: float


def _transfers(outcome: SystemOutcome) -> Iterator[Event]:
    # A multicast to 256 cores takes 255 links: a slice for each transfer on each of them is a file of half a gigabyte.
    layers = outcome.schedule.plan.layers
    tracks = {link.id: number for number, link in enumerate(outcome.links)}
    routes = outcome.schedule.routes
    rests = sum(len(routes[transfer.number].links) for transfer in outcome.moved) <= MANY
    running: dict[str, _Slice] = {}
    for transfer in sorted(outcome.moved, key=lambda one: outcome.schedule.transfers[one.number]):
        start, end = outcome.schedule.transfers[transfer.number]
        what = transfer.operand or ("mark" if not transfer.bits else "O")
        name = f"{layers[transfer.layer].placed.name} {what}"
        for link in routes[transfer.number].links:
            before = running.get(link.id)
            if before is not None and before.name == name and (before.end == start or not rests):
                before.end, before.last = end, transfer.number
                before.transfers += 1
                before.bits += transfer.bits
                before.busy += end - start
                continue
            if before is not None:
                yield _carried(before, tracks[link.id], rests)
            running[link.id] = _Slice(name, start, end, transfer.number, transfer.number, 1, transfer.bits, end - start)
    for link, left in running.items():
        yield _carried(left, tracks[link], rests)


def _carried(one: _Slice, number: int, rests: bool) -> Event:
    told: dict[str, object] = {"transfers": one.transfers, "first": one.first, "last": one.last, "bits": one.bits}
    told |= {} if rests else {"busy": one.busy}
    return span(one.name, LINKS, number, one.start, one.end, told)


def _names(outcome: SystemOutcome) -> Iterator[Event]:
    yield process(CORES, "cores")
    yield process(LINKS, "links")
    for core in outcome.cores:
        yield track(CORES, core.id, f"core {core.id} ({core.accelerator})")
    for number, link in enumerate(outcome.links):
        yield track(LINKS, number, f"link {link.id}")
