"""What an accelerator file says: memories and their ports in either format, and the array, broken or not.

This is the file's own model. What ZigZag makes of it is in zigzag/: the object's facts (hardware.py) and the levels
above the array by which a mapping is chosen (hierarchy.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from onnx2zz.files.document import Data, Value, integer, is_mapping, texts
from onnx2zz.formats.accelerator_schema import PORT_KINDS, is_old_memory, port_meant, used_ports
from onnx2zz.formats.allocation import DIRECTIONS, joined
from onnx2zz.formats.foreign_keys import with_todays_keys


@dataclass(frozen=True)
class Port:
    """One port; bandwidths in bit/cycle. `kind` is read, write or read_write."""

    name: str
    kind: str
    narrowest: int | None
    widest: int | None


@dataclass(frozen=True)
class Memory:
    """One memory; `size` in bit. `serves[operand][direction]` is the name of the port that is used."""

    name: str
    number: int
    size: int | None
    operands: tuple[str, ...]
    served: tuple[str, ...]
    ports: tuple[Port, ...]
    serves: Mapping[str, Mapping[str, str]]
    old: bool
    raw: Data = field(repr=False)

    @property
    def place(self) -> tuple[str, ...]:
        return ("memories", self.name)

    def port(self, name: str) -> Port | None:
        return next((port for port in self.ports if port.name == name), None)


@dataclass(frozen=True)
class Hierarchy:
    """The memories in the order of the file, and the array: dimension -> number of units. `dimensions` are all that the
    array has, those without a size too."""

    memories: tuple[Memory, ...]
    array: Mapping[str, int]
    dimensions: tuple[str, ...] = ()

    @property
    def units(self) -> int:
        return prod(self.array.values())

    def lowest_first(self) -> tuple[Memory, ...]:
        """The order that ZigZag wants, judged by size; equal sizes keep their order."""
        # By size and not by the order of the file: that order may be the fault which is to be found (memory-order).
        return tuple(sorted(self.memories, key=lambda memory: memory.size or 0))

    def levels(self, operand: str) -> tuple[Memory, ...]:
        """The memories of one operand, lowest first."""
        return tuple(memory for memory in self.lowest_first() if operand in memory.operands)

    def top(self, operand: str) -> Memory | None:
        levels = self.levels(operand)
        return levels[-1] if levels else None


def read_hierarchy(accelerator: object) -> Hierarchy:
    """What can be made out of an accelerator's data; nothing raises."""
    today = with_todays_keys("accelerator", accelerator) if is_mapping(accelerator) else None
    data: Data = today if is_mapping(today) else {}
    memories, array = data.get("memories"), data.get("operational_array")
    entries = memories.items() if isinstance(memories, Mapping) else ()
    readable = [(str(name), memory) for name, memory in entries if isinstance(memory, Mapping)]
    dimensions = texts(array.get("dimensions")) if isinstance(array, Mapping) else ()
    return Hierarchy(
        tuple(_read_memory(name, number, memory) for number, (name, memory) in enumerate(readable)),
        _read_array(dimensions, array.get("sizes") if isinstance(array, Mapping) else None),
        dimensions,
    )


def unit_area(accelerator: object) -> float:
    """The area of one unit of the array; 0 where the file gives none."""
    today = with_todays_keys("accelerator", accelerator) if is_mapping(accelerator) else None
    array = today.get("operational_array") if is_mapping(today) else None
    area = array.get("unit_area") if is_mapping(array) else None
    return area if isinstance(area, int | float) and area else 0.0


def _read_array(dimensions: Sequence[str], sizes: Value) -> dict[str, int]:
    read = map(integer, sizes) if isinstance(sizes, list) else ()
    # Lists of different lengths are another check's to tell; here what has a size is taken.
    return {name: size for name, size in zip(dimensions, read, strict=False) if size is not None}


def _read_memory(name: str, number: int, memory: Data) -> Memory:
    operands = texts(memory.get("operands"))
    old = is_old_memory(memory)
    entries = memory.get("ports")
    ports = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return Memory(
        name=name,
        number=number,
        size=integer(memory.get("size")),
        operands=operands,
        served=texts(memory.get("served_dimensions")),
        ports=tuple(_old_ports(memory, ports) if old else _new_ports(ports)),
        serves=_old_directions(operands, ports) if old else _new_directions(operands, ports),
        old=old,
        raw=memory,
    )


def _old_ports(memory: Data, ports: list[Data]) -> Iterator[Port]:
    # Only what entries use: the counts may declare others, and ZigZag drops those that serve nothing.
    for name in used_ports({"ports": ports}):
        kind = name.split("_", 1)[0]
        # A read-write port has the read bandwidth, as ZigZag 3.8.1 built it (hardware/architecture/memory_level.py).
        side = "w" if kind == "w" else "r"
        widest = integer(memory.get(f"{side}_bw"))
        narrowest = integer(memory.get(f"min_{side}_granularity"))
        yield Port(name, PORT_KINDS.get(kind, "unknown"), widest if narrowest is None else narrowest, widest)


def _new_ports(ports: list[Data]) -> Iterator[Port]:
    for port in ports:
        narrowest, widest = (integer(port.get(f"bandwidth_{end}")) for end in ("min", "max"))
        yield Port(str(port.get("name")), str(port.get("type")), narrowest, widest)


def _old_directions(operands: tuple[str, ...], ports: list[Data]) -> dict[str, dict[str, str]]:
    """Entry n belongs to operand n; operands without an entry have no port."""
    by_operand: dict[str, dict[str, str]] = {operand: {} for operand in operands}
    for operand, entry in zip(operands, ports, strict=False):
        by_operand[operand] = {d: port_meant(port) for d in DIRECTIONS if isinstance(port := entry.get(d), str)}
    return by_operand


def _new_directions(operands: tuple[str, ...], ports: list[Data]) -> dict[str, dict[str, str]]:
    by_operand: dict[str, dict[str, str]] = {operand: {} for operand in operands}
    for port in ports:
        for allocation in texts(joined(port.get("allocation"))):
            operand, _, direction = allocation.partition(", ")
            if direction in DIRECTIONS:
                by_operand.setdefault(operand, {})[direction] = str(port.get("name"))
    return by_operand
