"""An accelerator as far as it can be read: memories and their ports in either format, broken or not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from onnx2zz.formats.accelerator_schema import DIRECTIONS, PORT_KINDS, is_old_memory, used_ports

OPERANDS = ("I1", "I2", "O")


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
    raw: Mapping[str, Any] = field(repr=False)

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
        return tuple(sorted(self.memories, key=lambda memory: memory.size or 0))

    def levels(self, operand: str) -> tuple[Memory, ...]:
        """The memories of one operand, lowest first."""
        return tuple(memory for memory in self.lowest_first() if operand in memory.operands)

    def top(self, operand: str) -> Memory | None:
        levels = self.levels(operand)
        return levels[-1] if levels else None


def read_hierarchy(accelerator: Any) -> Hierarchy:
    """What can be made out of an accelerator's data; nothing raises."""
    data = accelerator if isinstance(accelerator, Mapping) else {}
    memories = data.get("memories")
    entries = memories.items() if isinstance(memories, Mapping) else ()
    readable = [(str(name), memory) for name, memory in entries if isinstance(memory, Mapping)]
    return Hierarchy(
        tuple(_read_memory(name, number, memory) for number, (name, memory) in enumerate(readable)),
        _read_array(data.get("operational_array")),
        _read_dimensions(data.get("operational_array")),
    )


def _read_dimensions(array: Any) -> tuple[str, ...]:
    return texts(array.get("dimensions")) if isinstance(array, Mapping) else ()


def _read_array(array: Any) -> dict[str, int]:
    if not isinstance(array, Mapping):
        return {}
    sizes = array.get("sizes")
    if not isinstance(sizes, list):
        return {}
    return {name: size for name, size in zip(texts(array.get("dimensions")), sizes, strict=False) if _is_int(size)}


def _read_memory(name: str, number: int, memory: Mapping[str, Any]) -> Memory:
    operands = texts(memory.get("operands"))
    old = is_old_memory(memory)
    entries = memory.get("ports")
    ports = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return Memory(
        name=name,
        number=number,
        size=memory["size"] if _is_int(memory.get("size")) else None,
        operands=operands,
        served=texts(memory.get("served_dimensions")),
        ports=tuple(_old_ports(memory, ports) if old else _new_ports(ports)),
        serves=_old_directions(operands, ports) if old else _new_directions(operands, ports),
        old=old,
        raw=memory,
    )


def texts(value: Any) -> tuple[str, ...]:
    """The texts in a list, () for anything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _integer(value: Any) -> int | None:
    return value if _is_int(value) else None


def _old_ports(memory: Mapping[str, Any], ports: list[Mapping[str, Any]]) -> Iterator[Port]:
    for name in used_ports({"ports": ports}):
        kind = name.split("_", 1)[0]
        side = "w" if kind == "w" else "r"
        widest = _integer(memory.get(f"{side}_bw"))
        narrowest = _integer(memory.get(f"min_{side}_granularity"))
        yield Port(name, PORT_KINDS.get(kind, "unknown"), widest if narrowest is None else narrowest, widest)


def _new_ports(ports: list[Mapping[str, Any]]) -> Iterator[Port]:
    for port in ports:
        narrowest, widest = (_integer(port.get(f"bandwidth_{end}")) for end in ("min", "max"))
        yield Port(str(port.get("name")), str(port.get("type")), narrowest, widest)


def _old_directions(operands: tuple[str, ...], ports: list[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Entry n belongs to operand n; operands without an entry have no port."""
    by_operand: dict[str, dict[str, str]] = {operand: {} for operand in operands}
    for operand, entry in zip(operands, ports, strict=False):
        by_operand[operand] = {d: port for d in DIRECTIONS if isinstance(port := entry.get(d), str)}
    return by_operand


def _new_directions(operands: tuple[str, ...], ports: list[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    by_operand: dict[str, dict[str, str]] = {operand: {} for operand in operands}
    for port in ports:
        for allocation in texts(port.get("allocation")):
            operand, _, direction = allocation.partition(", ")
            if direction in DIRECTIONS:
                by_operand.setdefault(operand, {})[direction] = str(port.get("name"))
    return by_operand


def needed_directions(hierarchy: Hierarchy, memory: Memory, operand: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The directions that ZigZag asks for, and those that only the world outside the top memory would use."""
    is_top = hierarchy.top(operand) is memory
    if operand == "O":
        return (("tl", "fl"), ("fh", "th")) if is_top else (("tl", "fl", "fh", "th"), ())
    return (("tl",), ("fh",)) if is_top else (("tl", "fh"), ())


def needed_by_name(hierarchy: Hierarchy) -> dict[str, dict[str, tuple[str, ...]]]:
    """All directions of each operand in each memory, those to the outside included."""
    return {
        memory.name: {operand: sum(needed_directions(hierarchy, memory, operand), ()) for operand in memory.operands}
        for memory in hierarchy.memories
    }
