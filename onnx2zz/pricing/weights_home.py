"""Where the weights of a network stay between layers: ZigZag's answer, unless it leaves a layer without room.

ZigZag keeps all weights in one memory, the lowest that holds them beside the inputs and outputs of some layer. At an
addition, which has no weights, it counts them as 0 bit and still moves them (exploit_data_locality_stages.py:195, 206
and 218, 3.9.1): one addition that fits a memory puts the weights of the whole network there. Where a layer's operands
then exceed that memory it has no loop ordering, and ZigZag stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from onnx2zz.formats.accelerator import Memory
from onnx2zz.formats.mapping_entry import DEFAULT_LINKS, MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, operand_sources
from onnx2zz.pricing.roofline import operand_bits
from onnx2zz.zigzag.levels import KeptLevels

Levels = Mapping[int, KeptLevels]


def weights_with_room(
    levels: Levels, layers: Sequence[WorkloadEntry], mapped: Sequence[MappingEntry], memories: Sequence[Memory]
) -> tuple[Levels, str | None]:
    """`levels` (layer id -> levels), with the weights in the highest memory for them if a layer is too large for where
    they are; and what the user must know of it. `mapped` are the layers' mapping entries, `memories` the accelerator's,
    lowest first.
    """
    constants = [(entry, how) for entry, how in zip(layers, mapped, strict=True) if _has_weights(entry)]
    if not constants:
        return levels, None
    # One level for the whole network: any layer's will do.
    home = memories[levels[constants[0][0]["id"]].weights]
    total = sum(operand_bits(entry)["W"] for entry, _ in constants)
    # ZigZag's answer stands where it is right, and where there is no other memory to choose.
    if home.size is None or total <= home.size or not _served_above(home, memories):
        return levels, None
    # Layer by layer: ZigZag never needs all weights at once, and prices a network whose layers fit each alone.
    large = [entry for entry, how in constants if _bits_at(home, entry, how, levels[entry["id"]], memories) > home.size]
    told = f"data locality: ZigZag keeps all weights in {home.name}, {total:,} bit in {home.size:,}"
    if not large:
        return levels, f"{told}; a network with its weights above that memory costs more than these numbers say"
    highest = _served_above(home, memories)[-1]
    raised = {layer: replace(kept, weights=memories.index(highest)) for layer, kept in levels.items()}
    return raised, f"{told}, where {large[0].get('name')} does not fit; here they stay in {highest.name}"


def _has_weights(entry: WorkloadEntry) -> bool:
    return operand_sources(entry).get("W") == entry["id"] and entry["operand_precision"]["W"] > 0


def _served_above(home: Memory, memories: Sequence[Memory]) -> list[Memory]:
    """The memories above `home` for the operand that weights are in it."""
    above = memories[memories.index(home) + 1 :]
    return [memory for memory in above if DEFAULT_LINKS["W"] in memory.operands]


def _bits_at(
    home: Memory, entry: WorkloadEntry, mapped: MappingEntry, kept: KeptLevels, memories: Sequence[Memory]
) -> int:
    """Bits of the layer's operands that have no level above `home`: they must fit it whole, all at once."""
    links, level = mapped.links, memories.index(home)
    tops = {**dict(kept.tensors), links["W"]: kept.weights}
    return sum(bits for operand, bits in operand_bits(entry).items() if tops.get(links[operand]) == level)
