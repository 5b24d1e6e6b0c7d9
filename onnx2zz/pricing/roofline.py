"""The cycles a layer takes at least, whatever the mapping: its operations over the array's units, its tensors over
the ports of the highest memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onnx2zz.formats.accelerator import Hierarchy, Memory
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, operand_sources, operations, volumes
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.levels import KeptLevels


@dataclass(frozen=True)
class PortLoad:
    """What must pass a port of the memory at least: bits, over its width in bit per cycle."""

    memory: str
    width: int
    bits: int

    @property
    def cycles(self) -> float:
        return self.bits / self.width


@dataclass(frozen=True)
class Roofline:
    """The cycles a layer takes at least, and what it is that takes them: "units", or the name of a memory."""

    cycles: float
    bound_by: str


def roofline(entry: WorkloadEntry, mapping_entry: MappingEntry, hardware: ArrayAndPorts) -> Roofline:
    """The largest of the bounds; of equal ones the units'.

    Operations are the product of the loop sizes, whatever the operator type. Each tensor passes each port that serves
    it once: true extents without padding, the output at its final width.
    """
    units = Roofline(operations(entry) / hardware.units, "units")
    port = busiest_port(entry, mapping_entry, hardware)
    return max(units, Roofline(port.cycles, port.memory), key=lambda bound: bound.cycles) if port else units


def busiest_port(entry: WorkloadEntry, mapping_entry: MappingEntry, hardware: ArrayAndPorts) -> PortLoad | None:
    """The port of the highest memories that works longest; None where no port is known."""
    bits = {mapping_entry.links[operand]: size for operand, size in operand_bits(entry).items()}
    loads = (
        PortLoad(port.memory, port.width, sum(bits.get(operand, 0) for operand in port.serves))
        for port in hardware.top_ports
    )
    return max(loads, key=lambda load: load.cycles, default=None)


def ports_reached(
    hardware: ArrayAndPorts, entry: WorkloadEntry, kept: KeptLevels, memories: Sequence[Memory]
) -> ArrayAndPorts:
    """`hardware` whose highest ports serve only the tensors that locality does not keep in lower memories (indices into
    `memories`, lowest first). A second activation stays where the first one does."""
    tensors = dict(kept.tensors)
    activation = max(level for operand, level in tensors.items() if operand != "O")
    others = kept.weights if operand_sources(entry).get("W") == entry["id"] else activation
    number = {memory.name: memory.number for memory in memories}
    ports = tuple(
        replace(port, serves=frozenset(o for o in port.serves if tensors.get(o, others) >= number[port.memory]))
        for port in hardware.top_ports
    )
    return replace(hardware, top_ports=ports)


def ports_to_lower(hardware: ArrayAndPorts, hierarchy: Hierarchy) -> ArrayAndPorts:
    """`hardware` whose highest ports serve only tensors that go through a memory below, each as if alone.

    No layer takes less than one of these passes, however small it is. What the array itself reads from its only memory
    ZigZag does not count for the first step (cost_model.py:923: loading is between memories), so that a layer of one
    step reads for nothing; and what several tensors load through one port it has at the same time in part
    (cost_model.py:1003).
    """
    alone = (
        (port, operand)
        for port in hardware.top_ports
        for operand in sorted(port.serves)
        if len(hierarchy.levels(operand)) > 1
    )
    return replace(hardware, top_ports=tuple(replace(port, serves=frozenset({operand})) for port, operand in alone))


def operand_bits(entry: WorkloadEntry) -> dict[str, int]:
    """Operand -> bits of its tensor: true extents without padding, the output at its final width."""
    precision = entry["operand_precision"]
    width = {**precision, "O": precision["O_final"]}
    return {operand: volume * width[operand] for operand, volume in volumes(entry).items()}
