"""A core's file, and the off-chip memory's: accelerator files, Stream's keys beside ZigZag's allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Data, Value, is_mapping, texts
from onnx2zz.formats.accelerator import OPERANDS, Hierarchy, Memory, read_hierarchy
from onnx2zz.formats.shipped_files import Found, find_accelerator, is_there, sidecar
from onnx2zz.formats.yaml_source import load_yaml, read_yaml
from onnx2zz.pricing.inputs import accelerator_of
from onnx2zz.sidecar.reading import parse_sidecar
from onnx2zz.system.description import Core, Offchip
from onnx2zz.system.network import CoreId

STREAM_KEYS = ("type", "operator_types", "operand_precision", "banks", "dataflows")
"""What Stream's core files say beside ZigZag's fields (stream-dse 2.1.1; `dataflows` up to 1.13)."""
OFFCHIP_BITS = 1 << 30
"""A highest memory of so many bits or more lies off the chip: no chip has 128 MB in one core's memory."""


def core_file(system: Path, name: str) -> Found:
    """Where a system's core is looked for: in `cores/` beside it, beside it, then among what ships. Raises
    InputError."""
    for folder in (system.parent / "cores", system.parent):
        for file in (name, f"{name}.yaml"):
            if is_there(folder / file):
                path = folder / file
                return Found(path.stem, path)
    return find_accelerator(name)


def core_of(found: Found, identity: CoreId, has_offchip: bool) -> Core:
    """The core in a file. With an off-chip core in the system, an off-chip level of the core's own is left out.
    Raises InputError."""
    document: Value = load_yaml(found.path)
    if not is_mapping(document) or not is_mapping(document.get("memories")):
        raise InputError(Problem(str(found.path), "no core: it has no memories", "name an accelerator file"))
    kept = without_stream_keys(document)
    if has_offchip:
        kept = without_offchip_level(kept)
    hierarchy = read_hierarchy(kept)
    tops = top_memories(hierarchy)
    beside = sidecar(found)
    operators = texts(document.get("operator_types"))
    return Core(
        identity,
        accelerator_of(found.path, dict(kept)),
        sum(memory.size or 0 for memory in tops),
        min((_widest(memory) for memory in tops), default=0.0),
        frozenset(operators) or None,
        None,
        parse_sidecar(read_yaml(beside), read_hierarchy(document)) if beside.is_file() else None,
    )


def without_stream_keys(document: Data) -> Data:
    """The document as ZigZag takes it."""
    return {key: value for key, value in document.items() if key not in STREAM_KEYS}


def without_offchip_level(document: Data) -> Data:
    """The document without the memory that lies above all others and off the chip, if it has one."""
    memories = document.get("memories")
    tops = top_memories(read_hierarchy(document))
    if not isinstance(memories, Mapping) or len(memories) < 2:
        return document
    away = {memory.name for memory in tops if (memory.size or 0) >= OFFCHIP_BITS}
    return {**document, "memories": {name: memory for name, memory in memories.items() if name not in away}}


def top_memories(hierarchy: Hierarchy) -> tuple[Memory, ...]:
    """The highest memory of each operand, each once."""
    tops = (hierarchy.top(operand) for operand in OPERANDS)
    return tuple({memory.name: memory for memory in tops if memory is not None}.values())


def _widest(memory: Memory) -> float:
    return max((port.widest or 0 for port in memory.ports), default=0)


@dataclass(frozen=True)
class OffchipFile:
    """What an off-chip core's file says, its port in bit a cycle."""

    offchip: Offchip
    bandwidth: float


def offchip_of(found: Found, identity: CoreId) -> OffchipFile:
    """The off-chip memory in a file: its highest one. Raises InputError."""
    document: Value = load_yaml(found.path)
    tops = top_memories(read_hierarchy(document))
    if not tops or not is_mapping(document):
        raise InputError(Problem(str(found.path), "no off-chip memory: it has no memories", "name an accelerator file"))
    memory = max(tops, key=lambda memory: memory.size or 0)
    width = _widest(memory)
    costs = [memory.raw.get(cost) for cost in ("r_cost", "w_cost")]
    read, write = (float(cost) / width if isinstance(cost, int | float) and width else 0.0 for cost in costs)
    return OffchipFile(Offchip(identity, found.name, read, write), width)
