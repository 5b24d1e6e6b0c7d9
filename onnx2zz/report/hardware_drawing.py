"""An accelerator drawn as an SVG: the array at the bottom, above it the memories of each operand, a column each.

A memory that several operands share lies over their columns; arrows are the ports that data take down and up, with the
bits of a cycle. Colours are a page's where it has them (`.hardware` in report/page/page.css).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from textwrap import wrap

from onnx2zz.formats.accelerator import Hierarchy, Memory, read_hierarchy
from onnx2zz.report.hardware import Block, Sources, array_block, memory_block
from onnx2zz.report.svg import drawing, element, text, title

COLUMN, GAP, EDGE, HEAD, LINE, PAD = 236, 14, 16, 44, 16, 10
RISE = 40
"""What lies between two memories: room for arrows and their widths."""
LETTERS = 36
"""Of a line in a column."""
MOST_CELLS, CELL = (24, 5), 11
"""Cells of the array that are drawn, across and down, and their size."""
MOST_LINES = 2
"""Of one fact in a box; all of it stands in the box's title, which is seen where it is pointed at."""
HEADING: dict[str, str | float] = {"text_anchor": "middle", "font_weight": 600, "font_size": 15, "fill": "#16161a"}
SOFT: dict[str, str | float] = {"fill": "#55555e", "class_": "soft"}
NAMES = {"I1": "inputs (I1)", "I2": "weights (I2)", "O": "outputs (O)"}


@dataclass(frozen=True)
class Placed:
    """A box: left and right column, top and height, what is said in it."""

    first: int
    last: int
    bottom: float
    block: Block
    rows: tuple[str, ...]

    @property
    def height(self) -> float:
        return 2 * PAD + LINE * len(self.rows)

    @property
    def top(self) -> float:
        """How far above the array it ends."""
        return self.bottom + self.height


def hardware_svg(name: str, accelerator: object, sources: Sources | None = None) -> str:
    """The drawing as a file of its own."""
    return drawing(*hardware_drawing(name, accelerator, sources or {}))


def hardware_drawing(name: str, accelerator: object, sources: Sources) -> tuple[int, int, str]:
    """Width and height, and what is drawn."""
    hierarchy = read_hierarchy(accelerator)
    operands = columns(hierarchy.memories) or ("",)
    placed = stacked(hierarchy, operands, sources)
    array = array_block(accelerator, hierarchy, sources)
    cells = _cells(hierarchy)
    rows = [*_rows(array, len(operands)), *(["(not all units are drawn)"] if sum(cells) < hierarchy.units else [])]
    width = 2 * EDGE + COLUMN * len(operands) + GAP * (len(operands) - 1)
    floor = HEAD + 26 + max((one.top for one, _ in placed), default=0.0) + 12
    drawn = [
        text(name, width / 2, 24, **HEADING),
        *(_heading(operand, number) for number, operand in enumerate(operands)),
        *(line for one, memory in placed for line in _arrows(one, memory, operands, placed, floor)),
        *(_box(one, floor) for one, _ in placed),
        _array(array, rows, cells, floor, width),
    ]
    return width, round(floor + _height_of_array(rows, cells) + EDGE), "".join(drawn)


def columns(memories: Sequence[Memory]) -> tuple[str, ...]:
    """The operands, in an order in which those that share memories stand beside each other."""
    known = tuple(dict.fromkeys(operand for memory in memories for operand in memory.operands))
    if len(known) > 5:
        return known

    def strangers(order: tuple[str, ...]) -> int:
        places = [sorted(order.index(operand) for operand in memory.operands) for memory in memories if memory.operands]
        return sum(place[-1] - place[0] + 1 - len(place) for place in places)

    return min(permutations(sorted(known)), key=strangers) if known else ()


def stacked(hierarchy: Hierarchy, operands: Sequence[str], sources: Sources) -> list[tuple[Placed, Memory]]:
    """The memories from the array upward, each above all that lies in its columns."""
    filled = [0.0] * len(operands)
    found: list[tuple[Placed, Memory]] = []
    for memory in hierarchy.lowest_first():
        own = [operands.index(operand) for operand in memory.operands] or [0]
        first, last = min(own), max(own)
        block = memory_block(memory, hierarchy, sources)
        rows = tuple(_rows(block, last - first + 1))
        one = Placed(first, last, max(filled[first : last + 1]) + RISE, block, rows)
        filled[first : last + 1] = [one.top] * (last + 1 - first)
        found.append((one, memory))
    return found


def _rows(block: Block, across: int) -> list[str]:
    """The lines of a box over so many columns."""
    letters = LETTERS * across + (across - 1) * 2
    rows = wrap(block.title, letters)
    for fact in block.lines:
        cut = wrap(fact, letters, subsequent_indent="  ")
        last = (
            cut[MOST_LINES - 1 : MOST_LINES] if len(cut) <= MOST_LINES else [f"{cut[MOST_LINES - 1][: letters - 2]} …"]
        )
        rows += [*cut[: MOST_LINES - 1], *last]
    return rows


def _x(column: int) -> float:
    return EDGE + column * (COLUMN + GAP)


def _heading(operand: str, number: int) -> str:
    return text(NAMES.get(operand, operand), _x(number) + COLUMN / 2, HEAD, text_anchor="middle", **SOFT)


def _box(one: Placed, floor: float) -> str:
    top, width = floor - one.top, (one.last - one.first) * (COLUMN + GAP) + COLUMN
    left = _x(one.first)
    frame = element("rect", x=left, y=top, width=width, height=one.height, rx=7, fill="#e3edf9", stroke="#2a70c4")
    inside = [title(_whole(one.block)), frame, *_texts(one.rows, left + PAD, top)]
    return element("g", "".join(inside), class_="memory")


def _whole(block: Block) -> str:
    return "\n".join((block.title, *block.lines))


def _texts(rows: Sequence[str], left: float, top: float) -> Iterator[str]:
    for number, row in enumerate(rows):
        weight = 600 if number == 0 else 400
        indent = 8 if row.startswith("  ") else 0
        yield text(row.strip(), left + indent, top + PAD + LINE * number + 11, fill="#16161a", font_weight=weight)


def _arrows(
    one: Placed, memory: Memory, operands: Sequence[str], placed: Sequence[tuple[Placed, Memory]], floor: float
) -> Iterator[str]:
    """From a memory to what is below it in each of its operands' columns: down if it is read there, up if written."""
    for operand in memory.operands:
        column = operands.index(operand)
        # Down to the next memory of this operand, which may lie several rows below: columns that others fill are
        # passed by.
        under = [other.top for other, held in placed if operand in held.operands and other.top <= one.bottom]
        start, end = floor - one.bottom, floor - max(under, default=0.0)
        middle = _x(column) + COLUMN / 2
        # The other two directions are the same wires, seen from the memory below.
        for direction, aside, side in (("tl", -14, "end"), ("fl", 14, "start")):
            port = memory.port(memory.serves.get(operand, {}).get(direction, ""))
            # An operand that never goes that way (weights are not written from below) has no port for it.
            if port is None:
                continue
            x, (tail, head) = middle + aside, (start, end) if direction == "tl" else (end, start)
            back = 5 if head < tail else -5
            line = f"M{x},{tail} V{head} M{x - 4},{head + back} L{x},{head} L{x + 4},{head + back}"
            yield element("path", d=line, fill="none", stroke="#55555e", class_="wire")
            width = "not given" if port.widest is None else f"{port.widest} bit"
            beside = x + (5 if side == "start" else -5)
            yield text(width, beside, start + 22, text_anchor=side, font_size=11, **SOFT)


def _cells(hierarchy: Hierarchy) -> list[int]:
    """Cells in each row that is drawn of the array: the first dimension downward, all others across."""
    sizes = list(hierarchy.array.values())
    if not sizes:
        return []
    down, across = (1, sizes[0]) if len(sizes) == 1 else (sizes[0], hierarchy.units // sizes[0])
    return [min(across, MOST_CELLS[0])] * min(down, MOST_CELLS[1])


def _array(block: Block, rows: Sequence[str], cells: Sequence[int], floor: float, width: float) -> str:
    height = _height_of_array(rows, cells)
    top = floor + PAD + LINE * len(rows) + 4
    squares = "".join(
        f"M{EDGE + PAD + CELL * column},{top + CELL * row}h{CELL - 2}v{CELL - 2}h-{CELL - 2}z"
        for row, count in enumerate(cells)
        for column in range(count)
    )
    across = width - 2 * EDGE
    frame = element("rect", x=EDGE, y=floor, width=across, height=height, rx=7, fill="#fbe3d8", stroke="#eb6834")
    inside = [title(_whole(block)), frame, *_texts(rows, EDGE + PAD, floor)]
    return element("g", "".join([*inside, element("path", d=squares, fill="#eb6834", class_="cells")]), class_="array")


def _height_of_array(rows: Sequence[str], cells: Sequence[int]) -> float:
    return 2 * PAD + LINE * len(rows) + (CELL * len(cells) + 6 if cells else 0)
