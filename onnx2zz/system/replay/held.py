"""What the memories hold: never more than they may, nor more than is said of them."""

from collections.abc import Iterator

from onnx2zz.system.elements import Elements, count, without
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.replay.arrivals import Arrivals
from onnx2zz.system.replay.fault import EPS, Fault, cycles
from onnx2zz.system.replay.scene import Scene
from onnx2zz.system.replay.written import Id

Event = tuple[float, float]
"""A cycle, and the bits that come then, or go."""


def memory_faults(found: Arrivals) -> Iterator[Fault]:
    """Cores that hold too much."""
    for core, events in _events(found).items():
        told = found.scene.schedule.cores[core]
        peak, when = _peak(events)
        if told.capacity_bits is not None and peak > told.capacity_bits + EPS:
            what = f"it holds {peak:,} bit at {cycles(when)}, and has room for {told.capacity_bits:,}"
            yield Fault(f"core {core}", what, when)
        elif told.capacity_bits is not None and peak > told.peak_bits + EPS:
            what = f"it holds {peak:,} bit at {cycles(when)}, and says {told.peak_bits:,} at most"
            yield Fault(f"core {core}", what, when)


def _peak(events: list[Event]) -> tuple[float, float]:
    """The most that is held, and when first; what goes at a time goes before what comes."""
    now = most = when = 0.0
    for cycle, bits in sorted(events):
        now += bits
        if now > most:
            most, when = now, cycle
    return most, when


def _events(found: Arrivals) -> dict[Id, list[Event]]:
    scene = found.scene
    events: dict[Id, list[Event]] = {core: [] for core in scene.schedule.cores}
    for core, holding in found.all:
        if holding.transfer is not None:
            start, bits = holding.transfer.start, count(holding.elements) * scene.width(holding.transfer)
            end = max(holding.transfer.end, holding.until)
            # Set up before all frames, and never let go.
            if holding.transfer.setup:
                start, end = 0.0, float("inf")
        else:
            assert holding.tile is not None
            tile = scene.schedule.tiles[holding.tile]
            widths = scene.needs.told(tile.layer).placed.widths
            start, end = tile.start, max(tile.end, holding.until)
            bits = count(holding.elements) * (widths.O if tile.partial else widths.O_final)
        events[core] += [(start, bits), (end, -bits)]
    if scene.schedule.offchip is None:
        for core, bits in _resident(scene):
            events[core].append((0.0, bits))
    return events


def _resident(scene: Scene) -> Iterator[tuple[Id, int]]:
    """Without a level above the cores: operands from outside lie where they are read, throughout."""
    lying: dict[tuple[Id, int, str], list[Elements]] = {}
    for tile in scene.schedule.tiles.values():
        for need in scene.needs.of(tile.layer, scene.boxes[tile.id]):
            if need.producer is None and need.operand in OPERANDS:
                lying.setdefault((tile.core, tile.layer, need.operand), []).extend(need.boxes)
    for (core, layer, operand), boxes in lying.items():
        widths = scene.needs.told(layer).placed.widths
        apart: list[Elements] = []
        for box in boxes:
            # Tiles of one core read some elements together (halos, weights of all rows): these lie there once.
            apart += without([box], apart)
        yield core, sum(map(count, apart)) * (widths.I if operand == "I" else widths.W)
