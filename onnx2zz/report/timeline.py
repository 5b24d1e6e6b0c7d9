"""A schedule in the size that a page can draw: schedule.json, with what follows without a rest drawn together.

A schedule of 256 cores has a million pieces, a screen some thousand columns. Tiles of one layer that follow each other
on a core, and transfers of one layer's operand on a link, are one box that says how many they are. Where that leaves
too many, gaps are closed that are too short to be seen.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

Json = Mapping[str, Any]
MOST_BOXES = 25_000
"""Boxes of all rows together that a browser draws without a stutter."""
FINEST = 1 / 4000
"""The share of the whole time that a gap lasts which is closed first, where boxes are too many; then twice that ..."""
MOST_STEPS = 300
"""Steps of a memory's course: the most that is held in each stretch of time is kept."""
MOST_LINKS = 24
"""Links with a row of their own: the busiest."""
MOMENTS = 120
"""Stretches of time of which it is said what is busiest."""
Key = tuple[str, int | str]
"""A core or a link, and its id."""
Box = list[float]
"""Layer, start, end, and how many pieces it stands for."""


@dataclass(frozen=True)
class Row:
    """What one core or link does, in order of time."""

    boxes: list[Box]

    def closed(self, gap: float) -> "Row":
        """Boxes of one layer that are no farther apart than `gap` cycles as one."""
        found: list[Box] = []
        for layer, start, end, pieces in self.boxes:
            if found and found[-1][0] == layer and start - found[-1][2] <= gap:
                found[-1] = [layer, found[-1][1], max(end, found[-1][2]), found[-1][3] + pieces]
            else:
                found.append([layer, start, end, pieces])
        return Row(found)


def timeline(schedule: Json) -> dict[str, object]:
    """The drawing of a schedule.json, as plain data: rows of cores and of the busiest links, the memories' courses,
    where cores lie, and what was busiest when. Times in cycles, sizes in bit."""
    end = max((one["end"] for one in (*schedule["tiles"], *_moving(schedule))), default=0.0)
    cores = [core for core in schedule["cores"] if core["id"] != schedule["offchip"]]
    links = sorted(schedule["links"], key=lambda link: (-link["busy_cycles"], link["id"]))
    # Moments are of all rows, before links are left out and gaps are closed for the drawing: closed gaps would count
    # as busy.
    rows = {**_of_cores(schedule), **_of_links(schedule)}
    busiest = [link for link in links if link["bits"]][:MOST_LINKS]
    shown = {("core", core["id"]) for core in cores} | {("link", link["id"]) for link in busiest}
    drawn = _few({key: row for key, row in rows.items() if key in shown}, end)
    courses = {one["core"]: one["events"] for one in schedule["memory"]}
    return {
        "end": end,
        "places": places([core["id"] for core in cores], schedule["links"], schedule["offchip"]),
        "cores": [
            {
                "id": core["id"],
                "boxes": _flat(drawn.get(("core", core["id"]))),
                "busy": core["busy_cycles"],
                "capacity": core["capacity_bits"],
                "held": course(courses.get(core["id"], ()), end),
            }
            for core in cores
        ],
        "links": [
            {"id": link["id"], "boxes": _flat(drawn.get(("link", link["id"]))), "busy": link["busy_cycles"]}
            for link in busiest
        ],
        "wires": [_wire(link, schedule["offchip"]) for link in schedule["links"]],
        "moments": moments(rows, schedule, end),
    }


def _moving(schedule: Json) -> list[Json]:
    """Transfers that take time within the run."""
    return [one for one in schedule["transfers"] if not one.get("setup")]


def _of_cores(schedule: Json) -> dict[Key, Row]:
    found: dict[Key, list[Box]] = {}
    for tile in schedule["tiles"]:
        found.setdefault(("core", tile["core"]), []).append([tile["layer"], tile["start"], tile["end"], 1])
    return {key: Row(sorted(boxes, key=itemgetter(1, 2))).closed(0) for key, boxes in found.items()}


def _of_links(schedule: Json) -> dict[Key, Row]:
    layers = {tile["id"]: tile["layer"] for tile in schedule["tiles"]}
    found: dict[Key, list[Box]] = {}
    for one in _moving(schedule):
        layer = one["layer"] if one.get("of") is None else layers[one["of"]]
        for link in one["links"] if one["end"] > one["start"] else ():
            found.setdefault(("link", link), []).append([layer, one["start"], one["end"], 1])
    return {key: Row(sorted(boxes, key=itemgetter(1, 2))).closed(0) for key, boxes in found.items()}


def _few(rows: Mapping[Key, Row], end: float) -> Mapping[Key, Row]:
    """The rows with as few gaps closed as it takes."""
    gap = end * FINEST
    while sum(len(row.boxes) for row in rows.values()) > MOST_BOXES and gap < end:
        rows = {key: row.closed(gap) for key, row in rows.items()}
        gap *= 2
    return rows


def _flat(row: Row | None) -> list[float]:
    return [number for box in row.boxes for number in box] if row is not None else []


def course(events: Sequence[Sequence[float]], end: float) -> list[float]:
    """A memory's course as times and bits by turns; of a long one the most that is held in each stretch of time."""
    if len(events) <= MOST_STEPS:
        return [number for event in events for number in event]
    stretch = end / MOST_STEPS
    most: dict[int, float] = {}
    for (time, bits), (following, _) in pairwise([*events, (end, 0.0)]):
        first, last = int(time / stretch), math.ceil(following / stretch)
        for at in range(first, max(last, first + 1)):
            most[at] = max(most.get(at, 0.0), bits)
    kept = [next(same) for _, same in groupby(sorted(most.items()), key=itemgetter(1))]
    return [number for at, bits in kept for number in (at * stretch, bits)]


def moments(rows: Mapping[Key, Row], schedule: Json, end: float) -> list[list[float]]:
    """For each stretch of time the share of it that cores work on average, that the busiest link is taken, and that
    the off-chip port is."""
    port = _port(schedule)
    # The port apart from the links: it is one for all cores, and where it is full, more links do not help.
    kinds: list[Iterable[Row]] = [
        [row for (kind, _), row in rows.items() if kind == "core"],
        [row for (kind, name), row in rows.items() if kind == "link" and name != port],
        [row for (kind, name), row in rows.items() if kind == "link" and name == port],
    ]
    shares = [[_taken(row, end) for row in kind] for kind in kinds]
    cores = max(1, sum(core["id"] != schedule["offchip"] for core in schedule["cores"]))
    # Of all cores, those without a tile included: they have no row, and idle.
    working = [sum(at) / cores for at in zip(*shares[0], strict=True)] or [0.0] * MOMENTS
    links, ports = ([max(at) for at in zip(*each, strict=True)] or [0.0] * MOMENTS for each in shares[1:])
    return [[round(share, 3) for share in at] for at in zip(working, links, ports, strict=True)]


def _taken(row: Row, end: float) -> list[float]:
    """The share of each stretch of time that a row's boxes take."""
    found = [0.0] * MOMENTS
    stretch = end / MOMENTS or 1.0
    for _, start, stop, _ in row.boxes:
        for at in range(int(start / stretch), min(MOMENTS, math.ceil(stop / stretch))):
            found[at] += (min(stop, (at + 1) * stretch) - max(start, at * stretch)) / stretch
    return found


def _port(schedule: Json) -> str | None:
    """The off-chip port: what joins the off-chip core to the others."""
    offchip = schedule["offchip"]
    return next(
        (link["id"] for link in schedule["links"] if offchip is not None and offchip in link.get("nodes", ())), None
    )


def _wire(link: Json, offchip: int | None) -> dict[str, object]:
    nodes = list(link["nodes"]) if "nodes" in link else [link["from"], link["to"]]
    port = offchip is not None and offchip in nodes
    return {
        "id": link["id"],
        "nodes": [node for node in nodes if node != offchip],
        "busy": link["busy_cycles"],
        "port": port,
    }


def places(cores: Sequence[int], links: Sequence[Json], offchip: int | None) -> dict[int, tuple[float, float]]:
    """Where each core is drawn, column and row: a mesh that is numbered row by row as it is, else a circle."""
    pairs = [sorted((link["from"], link["to"])) for link in links if "from" in link]
    pairs += [
        sorted(link["nodes"]) for link in links if len(link.get("nodes", ())) == 2 and offchip not in link["nodes"]
    ]
    # schedule.json does not say that links are a mesh: numbers that differ by 1 and by one other number alone do, if
    # no link of it is missing.
    steps = {high - low for low, high in pairs}
    width = max(steps, default=0)
    # As many links as neighbours: a ring has one more, back to the first.
    is_row = steps == {1} and len({tuple(pair) for pair in pairs}) == len(cores) - 1
    if is_row or (len(steps) == 2 and 1 in steps and _is_mesh(len(cores), width, pairs)):
        width = len(cores) if is_row else width
        return {core: (float(number % width), float(number // width)) for number, core in enumerate(cores)}
    if len(cores) < 3:
        return {core: (float(number), 0.0) for number, core in enumerate(cores)}
    radius = len(cores) / (2 * math.pi) + 0.5
    turns = [2 * math.pi * number / len(cores) for number in range(len(cores))]
    return {
        core: (radius * (1 + math.sin(turn)), radius * (1 - math.cos(turn)))
        for core, turn in zip(cores, turns, strict=True)
    }


def _is_mesh(cores: int, width: int, pairs: Sequence[Sequence[int]]) -> bool:
    """Whether links join each core to the next of its row and of its column, and nothing else."""
    if cores % width:
        return False
    wanted = {(n, n + 1) for n in range(cores - 1) if (n + 1) % width} | {(n, n + width) for n in range(cores - width)}
    return {(low, high) for low, high in pairs} == wanted
