"""Memories whose costs CACTI is to say (`auto_cost_extraction`), and what it said: plain data, without ZigZag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from onnx2zz.errors import Problem
from onnx2zz.files.document import Value, is_mapping, is_object

FIELD = "auto_cost_extraction"
WAY_OUT = f"give r_cost, w_cost and area, and leave {FIELD} out"
UM2_PER_MM2 = 1e6
CELLS = "cells"
"""What ZigZag calls the memory that is the array, where that computes in memory."""


MemoryKind = Literal["sram", "rf", "dram"]
KINDS: dict[MemoryKind, str] = {"sram": "SRAM", "rf": "register file", "dram": "DRAM"}
"""ZigZag's words for CACTI's types of memory (cacti/cacti_parser.py), and people's."""
ZIGZAGS_NODE_UM = 0.022
"""The node that ZigZag asks for, whatever the file says."""


@dataclass(frozen=True)
class Asked:
    """What CACTI is told about a memory: its type (sram, rf, dram), bits, the bits that a read takes, and the node in
    micrometres."""

    kind: str
    bits: int
    read_width: int
    technology_um: float = ZIGZAGS_NODE_UM


@dataclass(frozen=True)
class MemoryCosts:
    """What CACTI says of one memory: pJ for an access of its full width, mm2 for one instance."""

    memory: str
    read_pj: float
    write_pj: float
    area_mm2: float


def asking(document: object) -> tuple[str, ...]:
    """The memories of an accelerator's file that have the field, by name."""
    memories = document.get("memories") if is_object(document) else None
    entries = memories.items() if is_object(memories) else ()
    return tuple(str(name) for name, memory in entries if is_object(memory) and memory.get(FIELD) is True)


def refusals(file: str, document: object) -> tuple[Problem, ...]:
    """Why a file is not taken by somebody who wants no program started."""
    what = f"{FIELD} starts a program, CACTI, and --no-cacti refuses that"
    return tuple(Problem(f"{file}: memory {name}", what, WAY_OUT) for name in asking(document))


def with_costs(document: Value, costs: Sequence[MemoryCosts], area_unit: float = 1.0) -> Value:
    """The file as if its author had written down what CACTI says. ZigZag takes the area in mm2, as CACTI has it;
    `area_unit` is how many of another unit a mm2 has."""
    found = {one.memory: one for one in costs}
    memories = document.get("memories") if is_mapping(document) else None
    if not is_mapping(document) or not is_mapping(memories):
        return document
    costed = {name: _costed(found.get(str(name)), memory, area_unit) for name, memory in memories.items()}
    return {**document, "memories": costed}


def _costed(costs: MemoryCosts | None, memory: Value, area_unit: float) -> Value:
    return memory if costs is None or not is_mapping(memory) else {**memory, **_fields(costs, area_unit)}


def _fields(costs: MemoryCosts, area_unit: float) -> dict[str, float]:
    area = costs.area_mm2 * area_unit
    return {"r_cost": costs.read_pj, "w_cost": costs.write_pj, "area": area, FIELD: False}
