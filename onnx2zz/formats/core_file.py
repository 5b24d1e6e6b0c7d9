"""A core's file, and the off-chip memory's: accelerator files, Stream's keys beside ZigZag's allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Data, Value, is_mapping, texts
from onnx2zz.formats.accelerator import Hierarchy, Memory, read_hierarchy
from onnx2zz.formats.allocation import OPERANDS
from onnx2zz.formats.shipped_files import Found, find_accelerator, is_there
from onnx2zz.formats.yaml_source import load_yaml

OFFCHIP_BITS = 1 << 30
"""A highest memory of so many bits or more lies off the chip: no chip has 128 MB in one core's memory."""


def find_core(system: Path, name: str) -> Found:
    """Where a system's core is looked for: in `cores/` beside it, beside it, below the folders above it (Stream names
    `stream/inputs/...` from where it is run), in Stream's folders of hardware, then among what ships. Raises
    InputError."""
    # Only names with a folder are tried in the folders above: a bare `core.yaml` up there may be anybody's.
    places = (system.parent / "cores", system.parent, *(system.absolute().parents if "/" in name else ()))
    for folder in places:
        for file in (name, f"{name}.yaml"):
            if is_there(folder / file):
                return _found(folder / file)
    elsewhere = _in_folders_of_hardware(system, name)
    return _found(elsewhere) if elsewhere is not None else find_accelerator(name)


def _found(path: Path) -> Found:
    return Found(path.stem, path)


def _in_folders_of_hardware(system: Path, name: str) -> Path | None:
    """A file of that name in a folder `hardware` below the `inputs` above: where Stream of 2024 looked for it
    (classes/io/accelerator_validator.py, open_core)."""
    inputs = next((folder for folder in system.absolute().parents if folder.name == "inputs"), None)
    if inputs is None or "/" in name or not name.endswith(".yaml"):
        return None
    files = (path for path in inputs.rglob("*.yaml") if path.name == name)
    # The least path, so that the answer is not that of the file system's order where two have the name.
    return min((path for path in files if "hardware" in path.parts), default=None)


@dataclass(frozen=True)
class CoreFile:
    """A core's file. `operators`: ONNX operators, or ZigZag's operator types, that it runs; None: all."""

    found: Found
    document: Data

    @property
    def operators(self) -> frozenset[str] | None:
        return frozenset(texts(self.document.get("operator_types"))) or None


def read_core_file(found: Found) -> CoreFile:
    """Raises InputError for a file that describes no core."""
    document: Value = load_yaml(found.path)
    if not is_mapping(document) or not top_memories(read_hierarchy(document)):
        raise InputError(Problem(str(found.path), "no core: it has no memories", "name an accelerator file"))
    return CoreFile(found, document)


def without_offchip_level(document: Data) -> Data:
    """The document without the memory that lies above all others and off the chip, if it has one."""
    memories = document.get("memories")
    tops = top_memories(read_hierarchy(document))
    # A core with one memory has to keep it, however large: without any it is no core.
    if not isinstance(memories, Mapping) or len(memories) < 2:
        return document
    away = {memory.name for memory in tops if (memory.size or 0) >= OFFCHIP_BITS}
    return {**document, "memories": {name: memory for name, memory in memories.items() if name not in away}}


def top_memories(hierarchy: Hierarchy) -> tuple[Memory, ...]:
    """The highest memory of each operand, each once."""
    tops = (hierarchy.top(operand) for operand in OPERANDS)
    return tuple({memory.name: memory for memory in tops if memory is not None}.values())


def widest_port(memory: Memory) -> float:
    """Bit a cycle of the widest of a memory's ports."""
    return max((port.widest or 0 for port in memory.ports), default=0)


@dataclass(frozen=True)
class OffchipMemory:
    """What lies off the chip: bit a cycle of its port (infinite where nothing says), pJ for a bit read and written."""

    name: str
    bandwidth: float
    read_pj_per_bit: float
    write_pj_per_bit: float


def offchip_memory(file: CoreFile) -> OffchipMemory:
    """The highest memory of a file."""
    memory = max(top_memories(read_hierarchy(file.document)), key=lambda memory: memory.size or 0)
    width = widest_port(memory)
    costs = [memory.raw.get(cost) for cost in ("r_cost", "w_cost")]
    read, write = (float(cost) / width if isinstance(cost, int | float) and width else 0.0 for cost in costs)
    return OffchipMemory(file.found.name, width, read, write)
