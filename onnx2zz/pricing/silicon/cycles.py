"""What a layer takes in time, with what the array and the memory above it lose."""

from dataclasses import dataclass

from onnx2zz.pricing.silicon.flow import Flow, PricedLayer
from onnx2zz.pricing.silicon.pages import page_cycles
from onnx2zz.pricing.silicon.passes import filling_cycles, passes, stationary
from onnx2zz.pricing.silicon.ports import access_cycles, port_cycles
from onnx2zz.sidecar.figures import Sidecar

MATRICES = ("Conv", "Gemm", "Conv_downsample")
"""What a systolic array computes as one; pools and additions pass it as vectors."""


@dataclass(frozen=True)
class CyclesLost:
    """Cycles beyond ZigZag's: by the skew of a systolic array, between passes, by a DRAM below its peak rate, by
    accesses that wait for the one before them, and for rows of a DRAM to be opened.

    `in_output_path` is negative: what a layer saves that lies in the output path of another.
    """

    skew: float = 0.0
    between_passes: float = 0.0
    dram: float = 0.0
    in_output_path: float = 0.0
    accesses: float = 0.0
    pages: float = 0.0

    @property
    def total(self) -> float:
        waiting = self.dram + self.accesses + self.pages
        return self.skew + self.between_passes + waiting + self.in_output_path


def cycles_lost(layer: PricedLayer, sidecar: Sidecar, shares: dict[Flow, float]) -> CyclesLost:
    """`shares`: what is left of each flow by the other rules."""
    path = layer.role.path
    if path is not None:
        # The layers of a path run at once, so that their traffic shares one port and their time is that of the slowest;
        # each layer is charged with what it adds to those before it.
        moved = (path.port_cycles + port_cycles(layer, shares)) / (sidecar.dram_efficiency or 1.0)
        accessed = path.access_cycles + slow_cycles(layer, sidecar, shares)
        added = max(0.0, max(_steps(layer), moved, accessed) - path.cycles)
        return CyclesLost(in_output_path=added - layer.price.latency_cycles)
    skew, between = _skew(layer, sidecar), _between_passes(layer, sidecar)
    on_array = layer.price.latency_cycles + skew + between
    dram = _waiting(layer, sidecar, on_array, shares)
    # The array may go on meanwhile with what has arrived: a layer takes at least as long as each port is at work.
    accesses = max(0.0, _accesses(layer, sidecar, shares) - (on_array + dram))
    pages = max(0.0, page_cycles(layer, shares, sidecar.dram_pages) - (on_array + dram + accesses))
    return CyclesLost(skew, between, dram, accesses=accesses, pages=pages)


def slow_cycles(layer: PricedLayer, sidecar: Sidecar, shares: dict[Flow, float]) -> float:
    """Cycles in which the busiest port of the memories that are not pipelined, or open rows, is at work."""
    return max(_accesses(layer, sidecar, shares), page_cycles(layer, shares, sidecar.dram_pages))


def _accesses(layer: PricedLayer, sidecar: Sidecar, shares: dict[Flow, float]) -> float:
    return access_cycles(layer, shares, sidecar.access_cycles, sidecar.access_bits)


def _steps(layer: PricedLayer) -> float:
    """Cycles in which the array computes."""
    return layer.price.cycles.steps if layer.price.cycles else layer.price.latency_cycles


def _skew(layer: PricedLayer, sidecar: Sidecar) -> float:
    """With F passes: F x (rows + (rows - 1) + (columns - 1)) - 1 cycles beside the steps; where sums stay in the units,
    F x ((rows - 1) + (columns - 1)) - 1.

    Rows is the first dimension of `systolic_skew`: what stays enters through it a row a cycle before a pass, which
    ZigZag's own stalls and first loads cover where they are longer. Sums begin at nothing and leave while the next pass
    comes in: ZigZag's stalls for their leaving cover all of it. Source: scalesim 3.0.0, compute/systolic_compute_ws.py,
    _is.py and _os.py.
    """
    sizes = [layer.hierarchy.array[dim] for dim in sidecar.systolic_skew]
    if not sizes or layer.layer.kind not in MATRICES:
        return 0.0
    folds = passes(layer)
    across, latency = folds * sum(size - 1 for size in sizes) - 1, layer.price.latency_cycles
    if stationary(layer) == "O":
        return max(0.0, _steps(layer) + across - latency)
    return max(latency, _steps(layer) + folds * sizes[0]) + across - latency


def _between_passes(layer: PricedLayer, sidecar: Sidecar) -> float:
    overhead = (sidecar.pass_overhead_cycles or 0.0) + filling_cycles(layer, sidecar.pass_filling, sidecar.folds_apart)
    return overhead * passes(layer) if overhead else 0.0


def _waiting(layer: PricedLayer, sidecar: Sidecar, on_array: float, shares: dict[Flow, float]) -> float:
    if sidecar.dram_efficiency is None:
        return 0.0
    # ZigZag has waited already for what the port needs at its full rate; only the rest is lost.
    return max(0.0, port_cycles(layer, shares) / sidecar.dram_efficiency - on_array)
