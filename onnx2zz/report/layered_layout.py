"""Where the boxes of a graph are drawn: in rows, each below all that feed it, as straight above each other as it goes.

Sugiyama's method: rows by longest path, an order within each row by the mean place of the neighbours, then places that
are as near to the neighbours as boxes beside each other allow (least squares, by pooling adjacent violators). An edge
over several rows goes through a free place in each of them; edges of one source share these.
Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", 1981.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]
BOX, LANE, GAP = 1.0, 0.1, 0.14
"""Widths of a box and of a free place for an edge, and what lies between two of them; a box is 1 wide."""
ORDERINGS, PLACINGS = 8, 12
"""Sweeps over all rows, down and up by turns."""
STRAIGHT = 8.0
"""How much more an edge over several rows is kept straight than a box is kept below the middle of what feeds it."""


@dataclass(frozen=True)
class Layout:
    """The middle of each box and its row; `steps`: pieces of edges, each from a middle in a row to one in the row
    below; `lanes`: where edges pass through a row."""

    boxes: tuple[tuple[float, int], ...]
    steps: tuple[tuple[float, int, float], ...]
    lanes: tuple[tuple[float, int], ...]

    @property
    def width(self) -> float:
        return max((middle for middle, _ in (*self.boxes, *self.lanes)), default=0.0) + BOX / 2

    @property
    def rows(self) -> int:
        return max((row for _, row in self.boxes), default=-1) + 1


def layered_layout(boxes: int, edges: Sequence[Edge]) -> Layout:
    """A layout of boxes 0 to `boxes` - 1; each edge leads from a lower to a higher number."""
    assert all(0 <= source < target < boxes for source, target in edges)
    rows = longest_paths(boxes, edges)
    joints, row_of = _with_lanes(boxes, edges, rows)
    order = _ordered(_in_rows(row_of), joints, len(row_of))
    places = _placed(order, joints, boxes, len(row_of))
    return Layout(
        tuple((places[box], row_of[box]) for box in range(boxes)),
        tuple((places[above], row_of[above], places[below]) for above, below in joints),
        tuple((places[lane], row_of[lane]) for lane in range(boxes, len(row_of))),
    )


def longest_paths(boxes: int, edges: Sequence[Edge]) -> list[int]:
    """The row of each box: the length of the longest path to it; one that nothing feeds lies right above the first
    that it feeds."""
    sources: dict[int, list[int]] = {}
    targets: dict[int, list[int]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
        targets.setdefault(source, []).append(target)
    rows = [0] * boxes
    for box in range(boxes):
        rows[box] = max((rows[source] + 1 for source in sources.get(box, ())), default=0)
    for box in range(boxes):
        if box not in sources and box in targets:
            rows[box] = min(rows[target] for target in targets[box]) - 1
    return rows


def _with_lanes(boxes: int, edges: Sequence[Edge], rows: Sequence[int]) -> tuple[list[Edge], list[int]]:
    """The edges as pieces from row to row, through lanes that are numbered after the boxes; and the row of each."""
    row_of = list(rows)
    trunks: dict[int, dict[int, int]] = {}
    joints: dict[Edge, None] = {}
    for source, target in edges:
        trunk = trunks.setdefault(source, {rows[source]: source})
        for row in range(rows[source] + 1, rows[target]):
            if row not in trunk:
                trunk[row] = len(row_of)
                row_of.append(row)
                joints[trunk[row - 1], trunk[row]] = None
        joints[trunk[rows[target] - 1], target] = None
    return list(joints), row_of


def _in_rows(row_of: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(max(row_of, default=-1) + 1)]
    for one, row in enumerate(row_of):
        found[row].append(one)
    return found


def _neighbours(joints: Sequence[Edge]) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    """Of each box and lane, those above and those below."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for one, other in joints:
        above.setdefault(other, []).append(one)
        below.setdefault(one, []).append(other)
    return above, below


def _ordered(rows: list[list[int]], joints: Sequence[Edge], count: int) -> list[list[int]]:
    """Each row in an order by which few edges cross."""
    sides = _neighbours(joints)
    place = [0.0] * count
    for row in rows:
        _number(row, place)
    for sweep in range(ORDERINGS):
        known = sides[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda one: _mean([place[other] for other in known.get(one, ())], place[one]))
            _number(row, place)
    return rows


def _number(row: Sequence[int], place: list[float]) -> None:
    # From the middle, not from the left: a row of one lies below the middle of a row of three.
    for number, one in enumerate(row):
        place[one] = number - (len(row) - 1) / 2


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _placed(rows: Sequence[Sequence[int]], joints: Sequence[Edge], boxes: int, count: int) -> list[float]:
    """The middle of each box and lane; the leftmost box begins at 0."""
    sides = _neighbours(joints)
    places = [0.0] * count
    for row in rows:
        for one, offset in zip(row, _offsets(row, boxes), strict=True):
            places[one] = offset - _offsets(row, boxes)[-1] / 2
    for sweep in range(PLACINGS):
        known = sides[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _place(row, places, known, boxes)
    left = min((place - _width(one, boxes) / 2 for one, place in enumerate(places)), default=0.0)
    return [round(place - left, 3) for place in places]


def _place(row: Sequence[int], places: list[float], known: Mapping[int, Sequence[int]], boxes: int) -> None:
    """Moves a row to where its neighbours are, as near as the widths allow."""
    offsets = _offsets(row, boxes)
    wanted = [_mean([places[other] for other in known.get(one, ())], places[one]) for one in row]
    weights = [STRAIGHT if one >= boxes else 1.0 if one in known else 0.1 for one in row]
    apart = [want - offset for want, offset in zip(wanted, offsets, strict=True)]
    for one, offset, fit in zip(row, offsets, rising(apart, weights), strict=True):
        places[one] = offset + fit


def _width(one: int, boxes: int) -> float:
    return BOX if one < boxes else LANE


def _offsets(row: Sequence[int], boxes: int) -> list[float]:
    """How far from the first of a row the middle of each is, if they stand as close as may be."""
    offsets = [0.0]
    for before, one in pairwise(row):
        offsets.append(offsets[-1] + (_width(before, boxes) + _width(one, boxes)) / 2 + GAP)
    return offsets


def rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers nearest to `values`, by squares times weights, of which none is below the one before it."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(values, weights, strict=True):
        mean, heavy, many = value, weight, 1
        while pools and pools[-1][0] > mean:
            before, its, number = pools.pop()
            mean, heavy, many = (mean * heavy + before * its) / (heavy + its), heavy + its, many + number
        pools.append((mean, heavy, many))
    return [mean for mean, _, many in pools for _ in range(many)]
