"""The cycles a layer takes at least, whatever the mapping: its operations over the array's units, its tensors over
the ports of the highest memory."""

from onnx2zz.evaluate.tensors import Entry, operations, volumes
from onnx2zz.workload_entry import DEFAULT_LINKS
from onnx2zz.zigzag.hardware import Hardware


def roofline_cycles(entry: Entry, mapping_entry: Entry, hardware: Hardware) -> float:
    """The larger of the two bounds, in cycles.

    Operations are the product of the loop sizes, whatever the operator type. Each tensor passes each port that serves
    it once: true extents without padding, the output at its final width.
    """
    bits = _bits_by_memory_operand(entry, mapping_entry)
    traffic = (sum(bits.get(operand, 0) for operand in port.serves) / port.width for port in hardware.top_ports)
    return max(operations(entry) / hardware.units, *traffic)


def _bits_by_memory_operand(entry: Entry, mapping_entry: Entry) -> dict[str, int]:
    links = mapping_entry.get("memory_operand_links") or DEFAULT_LINKS
    precision = entry["operand_precision"]
    width = {**precision, "O": precision["O_final"]}
    return {links[operand]: volume * width[operand] for operand, volume in volumes(entry).items()}
