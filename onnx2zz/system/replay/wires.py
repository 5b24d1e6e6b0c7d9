"""Cores do one tile and links carry one transfer at a time, over ways that lead there, and in the time it takes."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from onnx2zz.system.elements import count
from onnx2zz.system.replay.fault import EPS, Fault, cycles
from onnx2zz.system.replay.scene import Scene
from onnx2zz.system.replay.written import Id, WrittenLink, WrittenSchedule, WrittenTile, WrittenTransfer


def wire_faults(scene: Scene) -> Iterator[Fault]:
    """What cores and links cannot do."""
    schedule = scene.schedule
    by_core: dict[Id, list[WrittenTile]] = {}
    for tile in schedule.tiles.values():
        by_core.setdefault(tile.core, []).append(tile)
        if not 0 <= tile.start < tile.end:
            yield Fault(f"tile {tile.id}", f"it runs from {cycles(tile.start)} to {cycles(tile.end)}", tile.start)
        if tile.core == schedule.offchip:
            yield Fault(f"tile {tile.id}", "it runs on what stands for the memory off the chip", tile.start)
    for core, tiles in by_core.items():
        yield from _at_once(f"core {core}", "tiles", tiles)
    by_link: dict[Id, list[WrittenTransfer]] = {}
    for one in schedule.transfers.values():
        yield from _carrying(scene, one)
        # A link carries the bits once, even if it is named twice; a setup is in no total.
        for link in dict.fromkeys(one.links) if not one.setup else ():
            by_link.setdefault(link, []).append(one)
    for link in schedule.links.values():
        carried = by_link.get(link.id, [])
        yield from _at_once(f"link {link.id}", "transfers", carried)
        bits = sum(one.bits for one in carried)
        if abs(bits - link.bits) > EPS:
            yield Fault(f"link {link.id}", f"it says that it carries {link.bits:,} bit, and carries {bits:,}")


def _at_once(where: str, what: str, jobs: Iterable[WrittenTile | WrittenTransfer]) -> Iterator[Fault]:
    for first, second in pairwise(sorted(jobs, key=lambda job: (job.start, job.end))):
        if second.start < first.end - EPS:
            yield Fault(where, f"{what} {first.id} and {second.id} at once from {cycles(second.start)}", second.start)


def _carrying(scene: Scene, one: WrittenTransfer) -> Iterator[Fault]:
    """Size, time and way of a transfer."""
    schedule, where = scene.schedule, f"transfer {one.id}"
    bits = count(scene.carries[one.id]) * scene.width(one)
    if abs(bits - one.bits) > EPS:
        yield Fault(where, f"it says {one.bits:,} bit, and its elements are {bits:,}", one.start)
    if not 0 <= one.start <= one.end:
        yield Fault(where, f"it runs from {cycles(one.start)} to {cycles(one.end)}", one.start)
    for name in one.links if not one.setup else ():
        least = one.bits / schedule.links[name].bandwidth
        if one.end - one.start < least - EPS:
            took = cycles(one.end - one.start)
            yield Fault(where, f"it takes {took} cycles, and its bits {cycles(least)} on link {name}", one.start)
    if not one.to or one.source in one.to or len(set(one.to)) < len(one.to):
        yield Fault(where, "it leads to no core, to its own, or twice to one", one.start)
    if away := sorted(map(str, set(one.to) - reached(schedule, one))):
        yield Fault(where, f"its links do not lead from core {one.source} to core {', '.join(away)}", one.start)


def reached(schedule: WrittenSchedule, one: WrittenTransfer) -> set[Id]:
    """The cores that the links of a transfer join to where it begins."""
    links: dict[Id, list[WrittenLink]] = {}
    for link in (schedule.links[name] for name in one.links):
        for node in link.nodes:
            links.setdefault(node, []).append(link)
    found, pending = {one.source}, [one.source]
    while pending:
        node = pending.pop()
        ends = {end for link in links.get(node, ()) for end in link.leads(node)} - found
        found |= ends
        pending += ends
    return found
