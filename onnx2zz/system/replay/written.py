"""schedule.json as somebody wrote it: read, and of the right form. Whether it is true is what playing it tells."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.document import is_array, is_object
from onnx2zz.system.elements import Run
from onnx2zz.system.tile import Range

SCHEDULE = "schedule.json"
Id = int | str
"""Of a core, a link, a tile or a transfer; the file's own."""
WAY_OUT = "write it anew: onnx2zz evaluate MODEL --arch SYSTEM -o FOLDER"


@dataclass(frozen=True)
class WrittenCore:
    """`capacity_bits`: None for the core that stands for what lies off the chip. `peak_bits`: what it says to hold."""

    id: Id
    capacity_bits: float | None
    peak_bits: float


@dataclass(frozen=True)
class WrittenLink:
    """`nodes`: from the first to the second if `directed`, else all of them to each other. `bandwidth`: bit a cycle."""

    id: Id
    nodes: tuple[Id, ...]
    directed: bool
    bandwidth: float
    bits: float

    def leads(self, node: Id) -> Sequence[Id]:
        """Where it leads from a node."""
        if self.directed:
            return self.nodes[1:] if node == self.nodes[0] else ()
        return self.nodes if node in self.nodes else ()


@dataclass(frozen=True)
class WrittenTile:
    """Times are cycles. `ranges`: those that are written; all others are whole."""

    id: Id
    layer: int
    core: Id
    frame: int
    ranges: Mapping[str, Range]
    start: float
    end: float
    partial: bool
    adds: tuple[Id, ...]
    recomputed: bool


@dataclass(frozen=True)
class WrittenTransfer:
    """`of`: the tile whose output it carries; else `operand` ("I", "W") of `layer`. `elements`: by index, in small
    letters, as runs; an index left out is whole."""

    id: Id
    frame: int
    source: Id
    to: tuple[Id, ...]
    links: tuple[Id, ...]
    start: float
    end: float
    bits: float
    of: Id | None
    layer: int
    operand: str
    elements: Mapping[str, tuple[Run, ...]]
    setup: bool
    again: bool
    partial: bool


@dataclass(frozen=True)
class WrittenSchedule:
    """A schedule in the words of its file; every id that it names is one of its own."""

    model: str
    system: str
    kind: str
    frames: int
    offchip: Id | None
    latency: float
    interval: float
    cores: Mapping[Id, WrittenCore]
    links: Mapping[Id, WrittenLink]
    tiles: Mapping[Id, WrittenTile]
    transfers: Mapping[Id, WrittenTransfer]


def read_schedule(folder: Path) -> WrittenSchedule:
    """The schedule of a folder. Raises InputError with all that its form lacks."""
    path = folder / SCHEDULE
    try:
        document: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        said = (error.strerror or str(error)) if isinstance(error, OSError) else f"no JSON: {error}"
        raise InputError(Problem(str(path), said, WAY_OUT)) from error
    return schedule_of(document, str(path))


def schedule_of(document: object, file: str) -> WrittenSchedule:
    """The schedule that a document of JSON is. Raises InputError as `read_schedule` does."""
    schedule = _schedule(_Item(file, "", document))
    raise_if_any(_strangers(file, schedule))
    return schedule


@dataclass(frozen=True)
class _Item:
    """One value of the file, and its place in it. What is asked of it and not there raises InputError."""

    file: str
    place: str
    value: object

    def fault(self, what: str) -> InputError:
        return InputError(Problem(self.file, f"{self.place or 'the file'} {what}", WAY_OUT))

    def under(self, key: str) -> "_Item":
        """What stands under a key; None where nothing does."""
        if not is_object(self.value):
            raise self.fault("is no object")
        return _Item(self.file, f"{self.place}.{key}" if self.place else key, self.value.get(key))

    @property
    def items(self) -> "list[_Item]":
        if not is_array(self.value):
            raise self.fault("is no list")
        return [_Item(self.file, f"{self.place}.{n}", value) for n, value in enumerate(self.value)]

    @property
    def keys(self) -> list[str]:
        if self.value is None:
            return []
        if not is_object(self.value):
            raise self.fault("is no object")
        return list(self.value)

    @property
    def number(self) -> float:
        if isinstance(self.value, int | float) and not isinstance(self.value, bool) and math.isfinite(self.value):
            return self.value
        raise self.fault(f"is {self.value!r}, and a number is needed")

    @property
    def whole(self) -> int:
        # JSON's true is an int to Python.
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        raise self.fault(f"is {self.value!r}, and a whole number is needed")

    @property
    def id(self) -> Id:
        if isinstance(self.value, int | str) and not isinstance(self.value, bool):
            return self.value
        raise self.fault(f"is {self.value!r}, and a number or a name is needed")

    @property
    def ids(self) -> tuple[Id, ...]:
        return tuple(item.id for item in self.items) if self.value is not None else ()

    @property
    def mark(self) -> bool:
        if self.value is None or isinstance(self.value, bool):
            return bool(self.value)
        raise self.fault(f"is {self.value!r}, and true or false is needed")

    def text(self, left_out: str = "") -> str:
        if self.value is None or isinstance(self.value, str):
            return self.value or left_out
        raise self.fault(f"is {self.value!r}, and a text is needed")

    def counted(self, most: int) -> tuple[int, ...]:
        """A list of whole numbers, none below 0."""
        numbers = tuple(item.whole for item in self.items)
        if len(numbers) != most or min(numbers) < 0:
            raise self.fault(f"is {self.value!r}, and {most} whole numbers of 0 or more are needed")
        return numbers


Part = TypeVar("Part", WrittenCore, WrittenLink, WrittenTile, WrittenTransfer)


def _schedule(item: _Item) -> WrittenSchedule:
    problems: list[Problem] = []
    cores = _parts(item, "cores", _core, problems)
    links = _parts(item, "links", _link, problems)
    tiles = _parts(item, "tiles", _tile, problems)
    transfers = _parts(item, "transfers", _transfer, problems)
    latency, interval, frames = math.inf, math.inf, 1
    offchip: Id | None = None
    with noted_in(problems):
        total = item.under("total")
        latency, interval = total.under("latency_cycles").number, total.under("interval_cycles").number
    with noted_in(problems):
        told, away = item.under("frames"), item.under("offchip")
        frames = told.whole if told.value is not None else 1
        offchip = away.id if away.value is not None else None
    with noted_in(problems):
        names = [item.under(key).text() for key in ("model", "system")]
        kind = item.under("schedule").text("layers")
        # Here and not before: what is wrong with the names is told with all the rest.
        raise_if_any(problems)
        return WrittenSchedule(
            names[0], names[1], kind, frames, offchip, latency, interval, cores, links, tiles, transfers
        )
    raise InputError(problems)


def _parts(item: _Item, key: str, read: Callable[[_Item], Part], problems: list[Problem]) -> dict[Id, Part]:
    """The items of one list by their ids, which must differ."""
    found: dict[Id, Part] = {}
    items: list[_Item] = []
    with noted_in(problems):
        items = item.under(key).items
    for one in items:
        with noted_in(problems):
            part = read(one)
            if part.id in found:
                raise one.fault(f"has the id {part.id!r}, which another has, too")
            found[part.id] = part
    return found


def _core(item: _Item) -> WrittenCore:
    capacity = item.under("capacity_bits")
    bits = capacity.number if capacity.value is not None else None
    return WrittenCore(item.under("id").id, bits, item.under("peak_bits").number)


def _link(item: _Item) -> WrittenLink:
    shared = item.under("nodes")
    nodes = shared.ids if shared.value is not None else (item.under("from").id, item.under("to").id)
    bandwidth = item.under("bandwidth")
    if not bandwidth.number > 0:
        raise bandwidth.fault(f"is {bandwidth.number}, and a number above 0 is needed")
    return WrittenLink(item.under("id").id, nodes, shared.value is None, bandwidth.number, item.under("bits").number)


def _tile(item: _Item) -> WrittenTile:
    written = item.under("ranges")
    ranges: dict[str, Range] = {}
    for loop in written.keys:
        start, size = written.under(loop).counted(2)
        ranges[loop] = (start, size)
    return WrittenTile(
        item.under("id").id,
        item.under("layer").whole,
        item.under("core").id,
        _frame(item),
        ranges,
        item.under("start").number,
        item.under("end").number,
        item.under("partial").mark,
        item.under("adds").ids,
        item.under("recomputed").mark,
    )


def _transfer(item: _Item) -> WrittenTransfer:
    of, written = item.under("of"), item.under("elements")
    elements: dict[str, tuple[Run, ...]] = {}
    for index in written.keys:
        runs = [run.counted(3) for run in written.under(index).items]
        elements[index] = tuple((first, count, step) for first, count, step in runs)
    made = of.value is not None
    return WrittenTransfer(
        item.under("id").id,
        _frame(item),
        item.under("from").id,
        item.under("to").ids,
        item.under("links").ids,
        item.under("start").number,
        item.under("end").number,
        item.under("bits").number,
        of.id if made else None,
        -1 if made else item.under("layer").whole,
        "" if made else item.under("operand").text(),
        elements,
        item.under("setup").mark,
        item.under("again").mark,
        item.under("partial").mark,
    )


def _frame(item: _Item) -> int:
    frame = item.under("frame")
    return frame.whole if frame.value is not None else 0


def _strangers(file: str, schedule: WrittenSchedule) -> list[Problem]:
    """Ids that something names and nothing has."""
    named: list[tuple[str, str, Id, Mapping[Id, object]]] = []
    for tile in schedule.tiles.values():
        named.append((f"tile {tile.id}", "core", tile.core, schedule.cores))
        named += [(f"tile {tile.id}", "tile", other, schedule.tiles) for other in tile.adds]
    for one in schedule.transfers.values():
        where = f"transfer {one.id}"
        named += [(where, "core", core, schedule.cores) for core in (one.source, *one.to)]
        named += [(where, "link", link, schedule.links) for link in one.links]
        named += [(where, "tile", one.of, schedule.tiles)] if one.of is not None else []
    named += [(f"link {k.id}", "core", node, schedule.cores) for k in schedule.links.values() for node in k.nodes]
    if schedule.offchip is not None:
        named.append(("offchip", "core", schedule.offchip, schedule.cores))
    # Before anything is played, since from then on each id is taken to be there.
    unknown = [(where, kind, name) for where, kind, name, known in named if name not in known]
    framed = (*schedule.tiles.values(), *schedule.transfers.values())
    strange = [one for one in framed if not 0 <= one.frame < schedule.frames]
    return [
        *(
            Problem(file, f"{where} names {kind} {name!r}, which there is not", WAY_OUT)
            for where, kind, name in unknown
        ),
        *(Problem(file, f"frame {one.frame} of {one.id!r}: there are {schedule.frames}", WAY_OUT) for one in strange),
    ]
