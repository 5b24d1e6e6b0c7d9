"""trace.json: a schedule in the event format of Chrome's tracing, which Perfetto opens.

One track for each core, link and port, and a counter for each core's memory. A cycle is shown as a microsecond, the
format's unit. Source: the trace event format, "Complete events" and "Counter events".
"""

from collections.abc import Iterator

from onnx2zz.system.outcome import SystemOutcome

Event = dict[str, object]
CORES, LINKS = 1, 2
"""The process ids under which tracks are grouped."""


def trace(outcome: SystemOutcome) -> dict[str, object]:
    """The whole document."""
    return {"traceEvents": list(_events(outcome)), "displayTimeUnit": "ms"}


def _events(outcome: SystemOutcome) -> Iterator[Event]:
    yield from _names(outcome)
    layers = outcome.schedule.plan.layers
    for tile in outcome.tiles:
        start, end = outcome.schedule.tiles[tile.number]
        box = {loop: f"{first}..{first + size - 1}" for loop, (first, size) in tile.box.ranges}
        yield _span(layers[tile.layer].placed.name, CORES, tile.core, start, end, {"tile": tile.number, **box})
    tracks = {link.id: number for number, link in enumerate(outcome.links)}
    for transfer in outcome.transfers:
        start, end = outcome.schedule.transfers[transfer.number]
        what = transfer.operand or ("mark" if not transfer.bits else "O")
        name = f"{layers[transfer.layer].placed.name} {what}"
        told: dict[str, object] = {
            "transfer": transfer.number,
            "bits": transfer.bits,
            "from": transfer.source,
            "to": list(transfer.to),
        }
        for link in outcome.schedule.routes[transfer.number].links:
            yield _span(name, LINKS, tracks[link.id], start, end, told)
    for core, events in outcome.memory.items():
        for time, bits in events:
            yield {"name": f"memory of core {core}", "ph": "C", "pid": CORES, "ts": time, "args": {"bits": bits}}


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
