"""An accelerator to look at: its array and memories as lines for a terminal, and drawn as an SVG.

Memories stand above the array in the order of their sizes, each with what it holds, its ports, and what an access
costs. What a file does not say is left out, never guessed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from onnx2zz.files.document import is_mapping
from onnx2zz.formats.accelerator import Hierarchy, Memory, Port, read_hierarchy, unit_area
from onnx2zz.pricing.physical import instances
from onnx2zz.printable import printable
from onnx2zz.report.quantity import BYTES, unit_for

DIRECTIONS = {"fh": "from above", "th": "to above", "fl": "from below", "tl": "to below"}
"""ZigZag's words for where a port's data come from and go to (hardware/architecture/memory_port.py DataDirection)."""
WIDTH, GAP, LINE, PAD = 640, 26, 19, 12
COLUMNS = 84
OF_MEMORIES, OF_THE_ARRAY = ("#e3edf9", "#2a70c4"), ("#fbe3d8", "#eb6834")
"""Ground and edge of a box."""
FONT = "font-family='system-ui, sans-serif' font-size='13'"


@dataclass(frozen=True)
class Block:
    """One box of the drawing: a title, and lines of what is known of it."""

    title: str
    lines: tuple[str, ...]


def blocks(accelerator: object) -> list[Block]:
    """The memories of an accelerator file's data, the highest first, then the array."""
    hierarchy = read_hierarchy(accelerator)
    memories = [Block(_title(one, hierarchy), tuple(_memory(one))) for one in reversed(hierarchy.lowest_first())]
    return [*memories, Block(_array_title(hierarchy), tuple(_array(accelerator, hierarchy)))]


def size_told(bits: int) -> str:
    """`256 KiB`: in the largest unit of which there is one."""
    unit, name = unit_for(bits, BYTES)
    return f"{bits / unit:.4g} {name}"


def _title(memory: Memory, hierarchy: Hierarchy) -> str:
    size = "size not told" if memory.size is None else size_told(memory.size)
    times = instances(memory, hierarchy)
    many = f", {times:,} of them" if times > 1 else ""
    return f"{memory.name}: {size}{many}"


def _memory(memory: Memory) -> Iterator[str]:
    yield f"holds {', '.join(memory.operands) or 'nothing'}; serves {_served(memory)}"
    raw = memory.raw
    costs = [
        f"{word} {raw[key]:g} pJ" for key, word in (("r_cost", "read"), ("w_cost", "write")) if _number(raw.get(key))
    ]
    area = raw.get("area")
    facts = [*costs, *([f"area {_area(area)}"] if isinstance(area, int | float) and area else [])]
    if raw.get("auto_cost_extraction"):
        facts = ["costs and area from CACTI"]
    if facts:
        yield ", ".join(facts)
    for port in memory.ports:
        yield f"{port.name} ({port.kind.replace('_', ' and ')}, {_width(port)}): {_uses(memory, port)}"


def _area(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _served(memory: Memory) -> str:
    return f"all units along {', '.join(memory.served)} together" if memory.served else "one unit each"


def _width(port: Port) -> str:
    if port.widest is None:
        return "width not told"
    least = f"{port.narrowest} to " if port.narrowest not in (None, port.widest) else ""
    return f"{least}{port.widest} bit a cycle"


def _uses(memory: Memory, port: Port) -> str:
    used = [
        f"{operand} {DIRECTIONS[direction]}"
        for operand, directions in memory.serves.items()
        for direction, name in directions.items()
        if name == port.name and direction in DIRECTIONS
    ]
    return ", ".join(used) or "not used"


def _array_title(hierarchy: Hierarchy) -> str:
    sizes = " x ".join(f"{dimension} {size}" for dimension, size in hierarchy.array.items())
    return f"array: {sizes or 'no size told'}, {hierarchy.units:,} unit{'s' * (hierarchy.units != 1)}"


def _array(accelerator: object, hierarchy: Hierarchy) -> Iterator[str]:
    energy = _unit_energy(accelerator)
    if energy is not None:
        yield f"an operation costs {energy:g} pJ"
    if unit_area(accelerator):
        yield f"a unit has an area of {_area(unit_area(accelerator))}"


def _unit_energy(accelerator: object) -> float | None:
    array = accelerator.get("operational_array") if is_mapping(accelerator) else None
    energy = array.get("unit_energy") if is_mapping(array) else None
    return float(energy) if isinstance(energy, int | float) else None


def lines(name: str, accelerator: object) -> list[str]:
    """The accelerator for a terminal."""
    found = [name]
    for block in blocks(accelerator):
        found += ["", block.title, *(f"  {line}" for line in block.lines)]
    return [printable(line) for line in found]


def svg(name: str, accelerator: object) -> str:
    """The accelerator as an SVG that needs nothing else: a box for each memory, the array at the bottom."""
    drawn: list[str] = []
    top = GAP + LINE
    placed = blocks(accelerator)
    for number, block in enumerate(placed):
        is_array = number == len(placed) - 1
        rows = [row for line in (block.title, *block.lines) for row in wrap(line, COLUMNS, subsequent_indent="    ")]
        height = 2 * PAD + LINE * len(rows)
        drawn += _box(rows, top, height, OF_THE_ARRAY if is_array else OF_MEMORIES)
        if not is_array:
            drawn.append(_arrow(top + height))
        top += height + GAP
    title = (
        f"<text x='{WIDTH / 2}' y='{GAP}' text-anchor='middle' font-weight='600' font-size='15'>{escape(name)}</text>"
    )
    size = f"width='{WIDTH}' height='{top}' viewBox='0 0 {WIDTH} {top}'"
    ground = f"<rect width='{WIDTH}' height='{top}' fill='#ffffff'/>"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>{ground}{title}{''.join(drawn)}</svg>\n"


def _box(rows: Sequence[str], top: int, height: int, colours: tuple[str, str]) -> Iterator[str]:
    fill, stroke = colours
    place = f"x='{PAD}' y='{top}' width='{WIDTH - 2 * PAD}' height='{height}'"
    yield f"<rect {place} rx='8' fill='{fill}' stroke='{stroke}'/>"
    for number, text in enumerate(rows):
        y = top + PAD + LINE * number + 13
        weight = " font-weight='600'" if number == 0 else ""
        yield f"<text x='{2 * PAD}' y='{y}' fill='#16161a'{weight}>{escape(printable(text))}</text>"


def _arrow(top: int) -> str:
    """Data go down and come up."""
    middle = WIDTH / 2
    ends = f"x1='{middle}' x2='{middle}' y1='{top + 4}' y2='{top + GAP - 4}'"
    up = f"M{middle - 4},{top + 9} L{middle},{top + 3} L{middle + 4},{top + 9}"
    heads = f"{up} M{middle - 4},{top + GAP - 9} L{middle},{top + GAP - 3} L{middle + 4},{top + GAP - 9}"
    return f"<line {ends} stroke='#55555e'/><path d='{heads}' fill='none' stroke='#55555e'/>"
