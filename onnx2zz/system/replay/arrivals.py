"""Who holds what when: what has come to a core by the time that a tile starts there, or that a transfer leaves it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from onnx2zz.system.elements import Elements, meet, without
from onnx2zz.system.replay.fault import EPS, Fault, cycles, elements_told
from onnx2zz.system.replay.needs import Need
from onnx2zz.system.replay.scene import Scene
from onnx2zz.system.replay.written import Id, WrittenTile, WrittenTransfer

Origin = tuple[int, str, int]
"""A layer, "O" or the operand of it that comes from outside, and the frame."""


@dataclass(eq=False)
class Holding:
    """Elements on a core from `since` on: made there by `tile`, or come by `transfer`, which took them from `tile`.

    `until`: the end of what last read them there or passed them on, as far as it has been played.
    """

    elements: Elements
    since: float
    tile: Id | None
    transfer: WrittenTransfer | None = None
    until: float = 0.0

    def use(self, end: float) -> None:
        """Something that ends then has need of it."""
        self.until = max(self.until, end)


@dataclass
class Arrivals:
    """Everything that is held anywhere, and what each core reads and passes on. `faults` grow while it is played."""

    scene: Scene
    held: dict[tuple[Id, Origin], list[Holding]] = field(default_factory=dict[tuple[Id, Origin], list[Holding]])
    outputs: dict[Id, Holding] = field(default_factory=dict[Id, Holding])
    read: dict[tuple[Id, Origin], list[Elements]] = field(default_factory=dict[tuple[Id, Origin], list[Elements]])
    faults: list[Fault] = field(default_factory=list[Fault])

    @cached_property
    def whole_tiles(self) -> dict[tuple[int, int], list[WrittenTile]]:
        """The tiles of each layer and frame whose output others may read, those that are done again apart."""
        found: dict[tuple[int, int], list[WrittenTile]] = {}
        for tile in self.scene.schedule.tiles.values():
            if not tile.partial and not tile.recomputed:
                found.setdefault((tile.layer, tile.frame), []).append(tile)
        return found

    @property
    def all(self) -> Iterator[tuple[Id, Holding]]:
        """Each holding with its core."""
        for (core, _), holdings in self.held.items():
            for holding in holdings:
                yield core, holding


def arrivals(scene: Scene) -> Arrivals:
    """Plays tiles and transfers in the order of time."""
    found, schedule = Arrivals(scene), scene.schedule
    for tile in schedule.tiles.values():
        holding = Holding(scene.makes[tile.id], tile.end, tile.id)
        found.outputs[tile.id] = holding
        found.held.setdefault((tile.core, (tile.layer, _sums(tile.partial), tile.frame)), []).append(holding)
    for one in schedule.transfers.values():
        holding = Holding(scene.carries[one.id], one.end if not one.setup else -1.0, one.of, one)
        for core in one.to:
            own = Holding(holding.elements, holding.since, holding.tile, one)
            found.held.setdefault((core, _origin(scene, one)), []).append(own)
    for job in sorted((*schedule.transfers.values(), *schedule.tiles.values()), key=lambda job: (job.start, job.end)):
        if isinstance(job, WrittenTransfer):
            _leave(found, job)
        else:
            _start(found, job)
    _add(found)
    _end(found)
    _once(found)
    return found


def _sums(partial: bool) -> str:
    return "partial" if partial else "O"


def _origin(scene: Scene, one: WrittenTransfer) -> Origin:
    what = _sums(one.partial) if one.of is not None else one.operand
    return scene.layer_of(one), what, one.frame


def _leave(found: Arrivals, one: WrittenTransfer) -> None:
    """A transfer starts: what it carries must lie where it begins."""
    schedule, where = found.scene.schedule, f"transfer {one.id}"
    if one.of is None:
        if one.source != schedule.offchip:
            what = f"operand {one.operand} of layer {one.layer} comes from core {one.source}, and lies off the chip"
            found.faults.append(Fault(where, what, one.start))
        # What changes with each frame cannot have come before the first; a constant can, if the run never lets it go.
        constant = one.operand in found.scene.needs.told(one.layer).placed.constant
        if one.setup and (schedule.kind != "pipeline" or not constant):
            found.faults.append(Fault(where, "only constants are set up, and only in a pipeline", one.start))
        return
    tile = schedule.tiles[one.of]
    if one.frame != tile.frame or one.setup or one.partial != tile.partial:
        what = f"its frame or marks are not those of tile {tile.id}, whose output it carries"
        found.faults.append(Fault(where, what, one.start))
    # At the tile's own core its end is all that counts. Anywhere else (passed on, or fetched from off the chip) what
    # it carries must have come there.
    if one.source == tile.core:
        found.outputs[tile.id].use(one.end)
        if one.start < tile.end - EPS:
            what = f"it leaves core {tile.core} at {cycles(one.start)}, and tile {tile.id} ends at {cycles(tile.end)}"
            found.faults.append(Fault(where, what, one.start))
        return
    carried = found.scene.carries[one.id]
    there = found.held.get((one.source, _origin(found.scene, one)), [])
    there = [h for h in there if h.tile == tile.id and h.since <= one.start + EPS]
    found.read.setdefault((one.source, _origin(found.scene, one)), []).append(carried)
    if left := without([carried], _used(there, [carried], one.end)):
        lack = elements_told(left, found.scene.indices(one))
        what = f"it leaves core {one.source} at {cycles(one.start)} with {lack} of tile {tile.id} that never came there"
        found.faults.append(Fault(where, what, one.start))


def _used(there: Sequence[Holding], wanted: Sequence[Elements], end: float) -> list[Elements]:
    """What has some of the elements that are wanted is in use until then; the elements of all that has."""
    used = [holding for holding in there if any(meet(holding.elements, elements) for elements in wanted)]
    for holding in used:
        holding.use(end)
    return [holding.elements for holding in used]


def _start(found: Arrivals, tile: WrittenTile) -> None:
    """A tile starts: what it needs must lie on its core."""
    for need in found.scene.needs.of(tile.layer, found.scene.boxes[tile.id]):
        if need.producer is not None:
            _of_layer(found, tile, need, need.producer)
        elif found.scene.schedule.offchip is not None:
            _from_outside(found, tile, need)


def _of_layer(found: Arrivals, tile: WrittenTile, need: Need, producer: int) -> None:
    origin = (producer, "O", tile.frame)
    there = [h for h in found.held.get((tile.core, origin), []) if h.since <= tile.start + EPS]
    found.read.setdefault((tile.core, origin), []).extend(need.boxes)
    if need.ordered:  # which of them it reads, the file alone does not say
        for holding in there:
            holding.use(tile.end)
    come, whose = _used(there, need.boxes, tile.end), f"the output of layer {producer}"
    _lacking(found, tile, need, come, whose, found.scene.needs.told(producer).indices("O"))
    if need.ordered:
        _in_order(found, tile, producer, {h.tile for h in there})


def _in_order(found: Arrivals, tile: WrittenTile, producer: int, come: set[Id | None]) -> None:
    """Something of every tile of the producer has come."""
    for maker in found.whole_tiles.get((producer, tile.frame), ()):
        if maker.id not in come:
            what = f"it starts at {cycles(tile.start)}, before anything of tile {maker.id} is on core {tile.core}"
            found.faults.append(Fault(_named(tile), what, tile.start))
            return


def _named(tile: WrittenTile) -> str:
    return f"tile {tile.id} (layer {tile.layer})"


def _from_outside(found: Arrivals, tile: WrittenTile, need: Need) -> None:
    told = found.scene.needs.told(tile.layer)
    there: list[Holding] = []
    left: Sequence[Elements] = need.boxes
    for frame, to_stay in _came_with(tile.frame, need.operand in told.placed.constant):
        origin = (tile.layer, need.operand, frame)
        found.read.setdefault((tile.core, origin), []).extend(left)
        held = [h for h in found.held.get((tile.core, origin), []) if h.since <= tile.start + EPS]
        held = [h for h in held if not to_stay or (h.transfer is not None and h.transfer.setup)]
        there += [h for h in held if any(meet(h.elements, elements) for elements in left)]
        left = without(need.boxes, [h.elements for h in there])
        if not left:
            break
    _lacking(found, tile, need, _used(there, need.boxes, tile.end), "", told.indices(need.operand))


def _came_with(frame: int, constant: bool) -> Iterator[tuple[int, bool]]:
    """The frames with which an operand may have come for a frame's tile, as they are looked at one after the other, and
    whether only what came to stay counts."""
    yield frame, False
    if constant:
        yield 0, True
        # Else it came with a frame before, with which this one is taken together; with the first one at the latest.
        yield from ((before, False) for before in range(frame - 1, -1, -1))


def _lacking(
    found: Arrivals, tile: WrittenTile, need: Need, there: Sequence[Elements], whose: str, indices: tuple[str, ...]
) -> None:
    if left := without(need.boxes, there):
        reads = f"{need.operand}, {whose}" if whose else need.operand
        when = f"it starts on core {tile.core} at {cycles(tile.start)}"
        what = f"{when} without {elements_told(left, indices)} of its {reads}"
        found.faults.append(Fault(_named(tile), what, tile.start))


def _add(found: Arrivals) -> None:
    """A tile that adds partial sums ends when all have come."""
    for tile in found.scene.schedule.tiles.values():
        for other in (found.scene.schedule.tiles[name] for name in tile.adds):
            there = found.held.get((tile.core, (other.layer, "partial", other.frame)), [])
            there = [h for h in there if h.tile == other.id and h.since <= tile.end + EPS]
            origin, sums = (other.layer, "partial", other.frame), found.scene.makes[other.id]
            found.read.setdefault((tile.core, origin), []).append(sums)
            if left := without([sums], _used(there, [sums], tile.end)):
                lack = elements_told(left, found.scene.needs.told(other.layer).indices("O"))
                what = f"it ends at {cycles(tile.end)} without {lack} of the partial sums of tile {other.id}"
                found.faults.append(Fault(_named(tile), what, tile.end))


def _end(found: Arrivals) -> None:
    """The results have left the chip."""
    offchip = found.scene.schedule.offchip
    for frame in range(found.scene.schedule.frames) if offchip is not None else ():
        for layer in found.scene.needs.graph.results:
            told = found.scene.needs.told(layer)
            whole = told.told("O", told.ranges({}))
            there = found.held.get((offchip, (layer, "O", frame)), []) if offchip is not None else []
            if left := without([whole], [h.elements for h in there]):
                what = f"{elements_told(left, told.indices('O'))} of its output, a result, never leave the chip"
                found.faults.append(Fault(f"layer {layer}", what))


def _once(found: Arrivals) -> None:
    """Nothing comes twice to a core, unless it says `again`, and nothing that is not read or passed on there."""
    for (core, origin), holdings in found.held.items():
        # `again` is what may come twice: it neither counts as the first time nor needs a reader of its own.
        come = [h for h in holdings if h.transfer is not None and not h.transfer.again]
        by_tile: dict[Id | None, list[Holding]] = {}
        for holding in come:
            assert holding.transfer is not None
            where = f"transfer {holding.transfer.id}"
            for earlier in by_tile.setdefault(holding.tile, []):
                if meet(earlier.elements, holding.elements) and earlier.transfer is not None:
                    what = (
                        f"it brings core {core} what transfer {earlier.transfer.id} brings there, and does not say so"
                    )
                    found.faults.append(Fault(where, what, holding.transfer.start))
                    break
            by_tile[holding.tile].append(holding)
            # Results and spills lie there without anybody to read them.
            if core == found.scene.schedule.offchip:
                continue
            # Of what comes from off the chip a core may get more than it reads, if it reads any of it: one packet may
            # serve many cores.
            if holding.tile is None and any(
                meet(holding.elements, elements) for elements in found.read.get((core, origin), [])
            ):
                continue
            if left := without([holding.elements], found.read.get((core, origin), [])):
                lack = elements_told(left, found.scene.indices(holding.transfer))
                what = f"it brings core {core} {lack} that nothing reads there or passes on"
                found.faults.append(Fault(where, what, holding.transfer.start))
