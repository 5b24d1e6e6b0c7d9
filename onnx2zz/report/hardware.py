"""An accelerator to look at: its array and memories as lines for a terminal. hardware_drawing.py draws it.

Memories stand above the array in the order of their sizes, each with what it holds, its ports, and what an access
costs. What a file does not say is left out, never guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from onnx2zz.files.document import is_mapping
from onnx2zz.formats.accelerator import Hierarchy, Memory, Port, read_hierarchy, unit_area
from onnx2zz.pricing.physical import instances
from onnx2zz.printable import printable
from onnx2zz.report.quantity import BYTES, unit_for

DIRECTIONS = {"fh": "from above", "th": "to above", "fl": "from below", "tl": "to below"}
"""ZigZag's words for where a port's data come from and go to (hardware/architecture/memory_port.py DataDirection)."""
Sources = Mapping[str, str]
"""Where figures come from, by their place in the file (formats/yaml_comments.py)."""
NOT_TOLD, SOURCE_NOT_TOLD = "not given", "source not given"


@dataclass(frozen=True)
class Block:
    """One box of the drawing: a title, and lines of what is known of it."""

    title: str
    lines: tuple[str, ...]


def blocks(accelerator: object, sources: Sources | None = None) -> list[Block]:
    """The memories of an accelerator file's data, the highest first, then the array."""
    hierarchy, said = read_hierarchy(accelerator), sources or {}
    memories = [memory_block(one, hierarchy, said) for one in reversed(hierarchy.lowest_first())]
    return [*memories, array_block(accelerator, hierarchy, said)]


def memory_block(memory: Memory, hierarchy: Hierarchy, sources: Sources) -> Block:
    """All that is told of a memory."""
    return Block(_title(memory, hierarchy), tuple(_memory(memory, sources)))


def array_block(accelerator: object, hierarchy: Hierarchy, sources: Sources) -> Block:
    """All that is told of the array."""
    return Block(_array_title(hierarchy), tuple(_array(accelerator, sources)))


def size_told(bits: int) -> str:
    """`256 KiB`: in the largest unit of which there is one."""
    unit, name = unit_for(bits, BYTES)
    return f"{bits / unit:.4g} {name}"


def _title(memory: Memory, hierarchy: Hierarchy) -> str:
    size = "size not told" if memory.size is None else size_told(memory.size)
    times = instances(memory, hierarchy)
    many = f", {times:,} of them" if times > 1 else ""
    return f"{memory.name}: {size}{many}"


def _memory(memory: Memory, sources: Sources) -> Iterator[str]:
    yield f"holds {', '.join(memory.operands) or 'nothing'}; serves {_served(memory)}"
    raw, place = memory.raw, ".".join(memory.place)
    if raw.get("auto_cost_extraction"):
        yield "costs and area from CACTI"
    else:
        costs = f"read {_pj(raw.get('r_cost'))}, write {_pj(raw.get('w_cost'))}"
        yield f"{costs}{_from(sources, f'{place}.r_cost')}"
        yield f"area {_area(raw.get('area'))}{_from(sources, f'{place}.area') if raw.get('area') else ''}"
    for port in memory.ports:
        yield f"{port.name} ({port.kind.replace('_', ' and ')}, {_width(port)}): {_uses(memory, port)}"


def _from(sources: Sources, place: str) -> str:
    """Where a figure comes from."""
    return f" [{sources.get(place, SOURCE_NOT_TOLD)}]"


def _pj(value: object) -> str:
    return f"{value:g} pJ" if _is_number(value) else NOT_TOLD


def _area(value: object) -> str:
    """In the unit of the file, which it does not say; files that have none write 0."""
    return NOT_TOLD if not _is_number(value) or not value else f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def _is_number(value: object) -> TypeGuard[int | float]:
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


def _array(accelerator: object, sources: Sources) -> Iterator[str]:
    array = accelerator.get("operational_array") if is_mapping(accelerator) else None
    if is_mapping(array) and array.get("is_imc"):
        kind = {"analog": "analog", "digital": "digital"}.get(str(array.get("imc_type")), "")
        yield f"computes in memory{f', {kind}' * bool(kind)}: energy and area by ZigZag's model of such arrays"
        return
    energy = array.get("unit_energy") if is_mapping(array) else None
    yield f"an operation costs {_pj(energy)}{_from(sources, 'operational_array.unit_energy')}"
    area = unit_area(accelerator)
    yield f"area of a unit {_area(area)}{_from(sources, 'operational_array.unit_area') if area else ''}"


def lines(name: str, accelerator: object, sources: Sources | None = None) -> list[str]:
    """The accelerator for a terminal, each figure with where it comes from, as far as `sources` tells."""
    found = [name]
    for block in blocks(accelerator, sources):
        found += ["", block.title, *(f"  {line}" for line in block.lines)]
    return [printable(line) for line in found]
