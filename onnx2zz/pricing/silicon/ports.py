"""How long the ports of memories are at work for what passes them."""

from collections.abc import Iterator, Mapping
from math import ceil, prod

from onnx2zz.formats.accelerator import Port
from onnx2zz.formats.allocation import DIRECTIONS
from onnx2zz.pricing.silicon.flow import Flow, PricedLayer
from onnx2zz.zigzag.layer_price import Direction

PORT_OF: dict[Direction, str] = {
    "read_to_low": "tl",
    "write_from_low": "fl",
    "read_to_high": "th",
    "write_from_high": "fh",
}
assert set(PORT_OF.values()) == set(DIRECTIONS)
NOISE = 6
"""Digits behind the point that counts of accesses are rounded to: shares and unrollings are floats."""


def port_cycles(layer: PricedLayer, shares: Mapping[Flow, float]) -> float:
    """Cycles in which the busiest port of the highest memories is at work, at its full rate."""
    loads: dict[tuple[str, str], float] = {}
    for flow, port in ported(layer):
        top = layer.hierarchy.top(flow.memory_operand)
        # Highest memories only: it is a DRAM's rate that falls short of its peak.
        if top is not None and top.name == flow.memory and port.widest:
            key = flow.memory, port.name
            loads[key] = loads.get(key, 0.0) + flow.bits * shares[flow] / port.widest
    return max(map(ceil, loads.values()), default=0)


def access_cycles(
    layer: PricedLayer, shares: Mapping[Flow, float], cycles: Mapping[str, float], words: Mapping[str, float]
) -> float:
    """Cycles in which the busiest port of the memories in `cycles` is at work, if an access takes so many and the next
    one waits for its end. An access brings what `words` has for the memory in bit, or what its port is wide."""
    accesses: dict[tuple[str, str], float] = {}
    for flow, port in ported(layer):
        word = words.get(flow.memory, port.widest)
        if flow.memory in cycles and word:
            key = flow.memory, port.name
            # The copies of a memory work side by side.
            moved = flow.bits * shares[flow] / _copies(layer, flow.memory)
            accesses[key] = accesses.get(key, 0.0) + moved / word
    return max((rounded(count) * cycles[memory] for (memory, _), count in accesses.items()), default=0.0)


def rounded(count: float) -> int:
    """A count up to the next whole number, but for the noise of floats."""
    return ceil(round(count, NOISE))


def ported(layer: PricedLayer) -> Iterator[tuple[Flow, Port]]:
    """Each flow with the port that it passes."""
    for flow in layer.flows:
        memory = layer.memory(flow.memory)
        name = memory.serves.get(flow.memory_operand, {}).get(PORT_OF[flow.direction]) if memory else None
        port = memory.port(name) if memory and name else None
        if port is not None:
            yield flow, port


def _copies(layer: PricedLayer, name: str) -> float:
    """How many copies of a memory take part: one for each unit in use along the array dims that it does not serve."""
    memory = layer.memory(name)
    served = memory.served if memory else ()
    return prod(size for dim, loops in layer.price.spatial_mapping if dim not in served for _, size in loops)
