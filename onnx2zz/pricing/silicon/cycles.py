"""What a layer takes in time, with what the array and the memory above it lose."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from onnx2zz.formats.allocation import DIRECTIONS
from onnx2zz.pricing.silicon.flow import Flow, PricedLayer
from onnx2zz.pricing.silicon.passes import filling_cycles, passes
from onnx2zz.sidecar.figures import Sidecar
from onnx2zz.zigzag.layer_price import Direction

MATRICES = ("Conv", "Gemm", "Conv_downsample")
"""What a systolic array computes as one; pools and additions pass it as vectors."""
PORT_OF: dict[Direction, str] = {
    "read_to_low": "tl",
    "write_from_low": "fl",
    "read_to_high": "th",
    "write_from_high": "fh",
}
assert set(PORT_OF.values()) == set(DIRECTIONS)


@dataclass(frozen=True)
class CyclesLost:
    """Cycles beyond ZigZag's: by the skew of a systolic array, between passes, and by a DRAM below its peak rate.

    `in_output_path` is negative: what a layer saves that lies in the output path of another.
    """

    skew: float = 0.0
    between_passes: float = 0.0
    dram: float = 0.0
    in_output_path: float = 0.0

    @property
    def total(self) -> float:
        return self.skew + self.between_passes + self.dram + self.in_output_path


def cycles_lost(layer: PricedLayer, sidecar: Sidecar, shares: dict[Flow, float]) -> CyclesLost:
    """`shares`: what is left of each flow by the other rules."""
    path = layer.role.path
    if path is not None:
        # The layers of a path run at once, so that their traffic shares one port and their time is that of the slowest;
        # each layer is charged with what it adds to those before it.
        moved = (path.port_cycles + port_cycles(layer, shares)) / (sidecar.dram_efficiency or 1.0)
        added = max(0.0, max(_steps(layer), moved) - path.cycles)
        return CyclesLost(in_output_path=added - layer.price.latency_cycles)
    skew, between = _skew(layer, sidecar), _between_passes(layer, sidecar)
    on_array = layer.price.latency_cycles + skew + between
    return CyclesLost(skew, between, _waiting(layer, sidecar, on_array, shares))


def _steps(layer: PricedLayer) -> float:
    """Cycles in which the array computes."""
    return layer.price.cycles.steps if layer.price.cycles else layer.price.latency_cycles


def _skew(layer: PricedLayer, sidecar: Sidecar) -> float:
    """With F passes: F x (rows + (rows - 1) + (columns - 1)) - 1 cycles beside the steps.

    Rows is the first dimension of `systolic_skew`: operands enter through it a row a cycle before a pass, or results
    leave so after it. ZigZag's own stalls and first loads cover that where they are longer.
    """
    sizes = [layer.hierarchy.array[dim] for dim in sidecar.systolic_skew]
    if not sizes or layer.layer.kind not in MATRICES:
        return 0.0
    folds = passes(layer)
    loaded = max(layer.price.latency_cycles, _steps(layer) + folds * sizes[0])
    return loaded + folds * sum(size - 1 for size in sizes) - 1 - layer.price.latency_cycles


def _between_passes(layer: PricedLayer, sidecar: Sidecar) -> float:
    overhead = (sidecar.pass_overhead_cycles or 0.0) + filling_cycles(layer, sidecar.pass_filling)
    return overhead * passes(layer) if overhead else 0.0


def _waiting(layer: PricedLayer, sidecar: Sidecar, on_array: float, shares: dict[Flow, float]) -> float:
    if sidecar.dram_efficiency is None:
        return 0.0
    # ZigZag has waited already for what the port needs at its full rate; only the rest is lost.
    return max(0.0, port_cycles(layer, shares) / sidecar.dram_efficiency - on_array)


def port_cycles(layer: PricedLayer, shares: dict[Flow, float]) -> float:
    """Cycles in which the busiest port of the highest memories is at work, at its full rate."""
    loads: dict[tuple[str, str], float] = {}
    for (memory, port, width), bits in _loads(layer, shares):
        loads[memory, port] = loads.get((memory, port), 0.0) + bits / width
    return max(map(ceil, loads.values()), default=0)


def _loads(layer: PricedLayer, shares: dict[Flow, float]) -> Iterator[tuple[tuple[str, str, int], float]]:
    for flow in layer.flows:
        top = layer.hierarchy.top(flow.memory_operand)
        # Highest memories only: it is a DRAM's rate that falls short of its peak.
        if top is None or top.name != flow.memory:
            continue
        name = top.serves.get(flow.memory_operand, {}).get(PORT_OF[flow.direction])
        port = top.port(name) if name else None
        if port is not None and port.widest:
            yield (top.name, port.name, port.widest), flow.bits * shares[flow]
