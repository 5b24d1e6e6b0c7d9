"""The cycles a layer takes at least, whatever the mapping: its operations over the array's units, its tensors over
the ports of the highest memory."""

from dataclasses import dataclass

from onnx2zz.workload_entry import DEFAULT_LINKS, Entry, operations, volumes
from onnx2zz.zigzag.hardware import Hardware


@dataclass(frozen=True)
class Roofline:
    """The cycles a layer takes at least, and what it is that takes them: "units", or the name of a memory."""

    cycles: float
    bound_by: str


def roofline(entry: Entry, mapping_entry: Entry, hardware: Hardware) -> Roofline:
    """The largest of the bounds; of equal ones the units'.

    Operations are the product of the loop sizes, whatever the operator type. Each tensor passes each port that serves
    it once: true extents without padding, the output at its final width.
    """
    bits = _bits_by_memory_operand(entry, mapping_entry)
    units = Roofline(operations(entry) / hardware.units, "units")
    ports = (
        Roofline(sum(bits.get(operand, 0) for operand in port.serves) / port.width, port.memory)
        for port in hardware.top_ports
    )
    return max(units, *ports, key=lambda bound: bound.cycles)


def _bits_by_memory_operand(entry: Entry, mapping_entry: Entry) -> dict[str, int]:
    links = mapping_entry.get("memory_operand_links") or DEFAULT_LINKS
    precision = entry["operand_precision"]
    width = {**precision, "O": precision["O_final"]}
    return {links[operand]: volume * width[operand] for operand, volume in volumes(entry).items()}
