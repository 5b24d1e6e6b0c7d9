"""A triple as files of 2024 and of Stream spell it: check says of it what ZigZag does with today's spelling."""

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from onnx2zz.formats.accelerator_schema import OLD_FIELDS
from tests.checks.triples import Triple

KINDS = {"r": "read", "w": "write", "rw": "read_write"}


@st.composite
def spelt(draw: Callable[..., Any], triple: Triple) -> Triple:
    """As it is, or with some of what files of other days have in place of today's keys and beside them."""
    accelerator, mapping, workload = copy.deepcopy(triple)
    for spelling in draw(st.lists(st.sampled_from(SPELLINGS), unique=True, max_size=len(SPELLINGS))):
        spelling(draw, accelerator, mapping)
    return accelerator, mapping, workload


def earlier_array(draw: Callable[..., Any], accelerator: dict[str, Any], mapping: list[dict[str, Any]]) -> None:
    """ZigZag's names to 2024-11, and of the array itself to 2024-05."""
    array = accelerator["operational_array"]
    for today, earlier in (("unit_energy", "multiplier_energy"), ("unit_area", "multiplier_area")):
        if today in array and draw(st.booleans()):
            array[earlier] = array.pop(today)
    if draw(st.booleans()):
        accelerator["multipliers"] = accelerator.pop("operational_array")


def counted_ports(draw: Callable[..., Any], accelerator: dict[str, Any], mapping: list[dict[str, Any]]) -> None:
    """Some or all memories with numbers of ports (zigzag-dse up to 3.8.1)."""
    for name, memory in accelerator["memories"].items():
        if draw(st.integers(0, 3)):
            accelerator["memories"][name] = _counted(memory) or memory


def allocated_cores(draw: Callable[..., Any], accelerator: dict[str, Any], mapping: list[dict[str, Any]]) -> None:
    for entry in mapping:
        entry["core_allocation"] = draw(st.sampled_from(([1], 1, [0, 1])))


def a_core_of_stream(draw: Callable[..., Any], accelerator: dict[str, Any], mapping: list[dict[str, Any]]) -> None:
    accelerator |= {"type": "compute", "operator_types": ["Conv", "MatMul"], "operand_precision": {"W": 8}}


SPELLINGS = (earlier_array, counted_ports, allocated_cores, a_core_of_stream)


def _counted(memory: dict[str, Any]) -> dict[str, Any] | None:
    """A memory with numbers of ports; None where they cannot say the same."""
    ports, operands = memory.get("ports"), memory.get("operands")
    if not ports or not operands or any(field not in ports[0] for field in ("name", "type", "allocation")):
        return None
    if not memory.keys().isdisjoint(OLD_FIELDS):  # beside today's ports a fault: there they would be the right ones
        return None
    by_kind = {kind: [port for port in ports if port["type"] == KINDS[kind]] for kind in KINDS}
    names = [port["name"] for kind in KINDS for port in by_kind[kind]]
    named = [f"{kind}_port_{number}" for kind in KINDS for number in range(1, len(by_kind[kind]) + 1)]
    widths = {
        side: {port[end] for port in by_kind[side] + (by_kind["rw"] if side == "r" else [])
               for end in ("bandwidth_min", "bandwidth_max")}
        for side in "rw"
    }  # fmt: skip
    served = [allocation for port in ports for allocation in port["allocation"]]
    entries: dict[str, dict[str, str]] = {operand: {} for operand in operands}
    for port in ports:
        for allocation in port["allocation"]:
            operand, _, direction = allocation.partition(", ")
            entries.setdefault(operand, {})[direction] = port["name"]
    exact = names == named and len(names) == len(ports) and all(len(width) <= 1 for width in widths.values())
    if not exact or len({*served}) < len(served) or list(entries) != list(operands) or not all(entries.values()):
        return None
    kept = {key: value for key, value in memory.items() if key != "ports"}
    counts = {f"{kind}_port": len(by_kind[kind]) for kind in KINDS}
    wide = {f"{side}_bw": next(iter(width), 8) for side, width in widths.items()}
    return {**kept, **wide, **counts, "ports": [*entries.values()]}
