"""An accelerator's data as the repairs of it read and change them."""

from collections.abc import Callable, Mapping

from onnx2zz.checks.needed_directions import needed_by_name
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.accelerator import read_hierarchy

Needs = Mapping[str, tuple[str, ...]]
"""Operand -> the directions in which a memory must be able to move it."""

DRAM_BANDWIDTH = 64
"""bit/cycle of a port of which nothing is known, as of the DRAM in ZigZag's own accelerators."""


def memories_of(data: Data) -> Data:
    """Its memories by name, none where they cannot be read."""
    memories = data.get("memories")
    return memories if isinstance(memories, Mapping) else {}


def each_memory(data: Data, repair: Callable[[Value, Needs], Value]) -> Data:
    """The accelerator with `repair` of every memory, which hears what that memory has to move."""
    # Of the whole accelerator as it is now: what a memory has to move depends on which others hold its operands.
    needs = needed_by_name(read_hierarchy(data))
    repaired: Data = {name: repair(memory, needs.get(str(name), {})) for name, memory in memories_of(data).items()}
    return {**data, "memories": repaired}


def with_memory_changed(data: Data, name: str, changes: Data) -> Data:
    """The accelerator with other values for some fields of one memory."""
    memories: Data = {
        key: {**memory, **changes} if str(key) == name and isinstance(memory, Mapping) else memory
        for key, memory in memories_of(data).items()
    }
    return {**data, "memories": memories}


def list_of(memory: Data, field: str) -> list[Value]:
    """A field that is a list, empty where it is none."""
    value = memory.get(field)
    return value if isinstance(value, list) else []
