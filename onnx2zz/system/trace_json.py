"""trace.json: a schedule in the event format of Chrome's tracing, which Perfetto opens.

One track for each core, link and port, and a counter for each core's memory. On a link, transfers of one operand that
follow each other without a rest are one slice, which says how many they are. A cycle is shown as a microsecond, the
format's unit. Source: the trace event format, "Complete events" and "Counter events".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from onnx2zz.files.strict_json import json_text
from onnx2zz.system.outcome import SystemOutcome

Event = dict[str, object]
CORES, LINKS = 1, 2
"""The process ids under which tracks are grouped."""


def trace_text(outcome: SystemOutcome) -> str:
    """The whole document, a line, event by event: a large system has millions of them."""
    return "".join(_pieces(outcome))  # at once: each copy of it may have hundreds of megabytes


def _pieces(outcome: SystemOutcome) -> Iterator[str]:
    before = '{"traceEvents": ['
    for event in _events(outcome):
        yield before + json_text(event)
        before = ", "
    yield '], "displayTimeUnit": "ms"}\n'


def _events(outcome: SystemOutcome) -> Iterator[Event]:
    yield from _names(outcome)
    layers = outcome.schedule.plan.layers
    for tile in outcome.tiles:
        start, end = outcome.schedule.tiles[tile.number]
        box = {loop: f"{first}..{first + size - 1}" for loop, (first, size) in tile.box.ranges}
        frame = {"frame": tile.frame} if outcome.frames > 1 else {}
        yield _span(layers[tile.layer].placed.name, CORES, tile.core, start, end, {"tile": tile.number, **frame, **box})
    yield from _transfers(outcome)
    for core, events in outcome.memory.items():
        for time, bits in events:
            yield {"name": f"memory of core {core}", "ph": "C", "pid": CORES, "ts": time, "args": {"bits": bits}}


@dataclass
class _Slice:
    """What a link carries of one operand of one layer without a rest in between: transfers from `first` to `last`."""

    name: str
    start: float
    end: float
    first: int
    last: int
    transfers: int
    bits: int


def _transfers(outcome: SystemOutcome) -> Iterator[Event]:
    # A multicast to 256 cores takes 255 links: a slice for each transfer on each of them is a file of half a gigabyte.
    layers = outcome.schedule.plan.layers
    tracks = {link.id: number for number, link in enumerate(outcome.links)}
    running: dict[str, _Slice] = {}
    for transfer in sorted(outcome.moved, key=lambda one: outcome.schedule.transfers[one.number]):
        start, end = outcome.schedule.transfers[transfer.number]
        what = transfer.operand or ("mark" if not transfer.bits else "O")
        name = f"{layers[transfer.layer].placed.name} {what}"
        for link in outcome.schedule.routes[transfer.number].links:
            before = running.get(link.id)
            if before is not None and before.name == name and before.end == start:
                before.end, before.last = end, transfer.number
                before.transfers += 1
                before.bits += transfer.bits
                continue
            if before is not None:
                yield _carried(before, tracks[link.id])
            running[link.id] = _Slice(name, start, end, transfer.number, transfer.number, 1, transfer.bits)
    for link, left in running.items():
        yield _carried(left, tracks[link])


def _carried(one: _Slice, track: int) -> Event:
    told: dict[str, object] = {"transfers": one.transfers, "first": one.first, "last": one.last, "bits": one.bits}
    return _span(one.name, LINKS, track, one.start, one.end, told)


def _names(outcome: SystemOutcome) -> Iterator[Event]:
    for process, name in ((CORES, "cores"), (LINKS, "links")):
        yield {"name": "process_name", "ph": "M", "pid": process, "args": {"name": name}}
    for core in outcome.cores:
        yield _track(CORES, core.id, f"core {core.id} ({core.accelerator})")
    for number, link in enumerate(outcome.links):
        yield _track(LINKS, number, f"link {link.id}")


def _track(process: int, number: int, name: str) -> Event:
    return {"name": "thread_name", "ph": "M", "pid": process, "tid": number, "args": {"name": name}}


def _span(name: str, process: int, track: int, start: float, end: float, told: dict[str, object]) -> Event:
    return {"name": name, "ph": "X", "pid": process, "tid": track, "ts": start, "dur": end - start, "args": told}
