"""What any schedule has to do at least: all iterations on all units, and all operands and results through the port.

A tile of n loop points takes n / u cycles or more, where u is the largest number of units that the mapping can keep
busy on the layer, whatever its box; and as long as any of its tensors takes through the port of the core's highest
memory, if it goes through another below: what the tiles of a layer read and write together is at least what the layer
does. Where ZigZag has said less for a tile that it was asked for, that share holds.
"""

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, operations
from onnx2zz.pricing.roofline import busiest_port, ports_to_lower
from onnx2zz.system.bounds import Bounds, bounds, work_bound
from onnx2zz.system.description import System
from onnx2zz.system.elements import count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.prices import Prices, TilePrice

CORES, PORT, STREAM = "the cores", "the off-chip port", "the stream of inputs"


def least_bounds(system: System, graph: LayerGraph, prices: Mapping[CoreId, Prices], stays: float = 0.0) -> Bounds:
    """The bounds of a model on a system. `stays`: bits of constants that memories may hold from one frame to the next,
    so that they do not come with each."""
    own = {id(one): one for one in prices.values()}
    said = {number: _least_said(one) for number, one in own.items()}
    work: list[list[float]] = []
    for told in graph.layers:
        layer = told.placed.id
        least = {n: _least_cycles(told, one, said[n].get(layer, Share())) for n, one in own.items()}
        runs = [core.runs(graph.operators[layer]) for core in system.cores]
        work.append(
            [least[id(prices[core.id])] if may else math.inf for core, may in zip(system.cores, runs, strict=True)]
        )
    return bounds({CORES: work_bound(work), **outside_cycles(system, graph, stays)})


def on_some_cores(system: System, cores: Container[CoreId]) -> System:
    """The system of which only these cores may be given layers."""
    return replace(system, cores=tuple(core for core in system.cores if core.id in cores))


def outside_cycles(system: System, graph: LayerGraph, stays: float = math.inf) -> dict[str, float]:
    """Cycles that each way off the chip is taken for what comes and goes with a frame. `stays`: bits of constants that
    do not, if there are so many."""
    port, stream = system.network.port, system.network.stream
    if port is None:
        return {}
    # As if all memories held nothing but constants: no schedule spares the port more.
    spared = min(stays, sum(constant_bits(told) for told in graph.layers))
    if stream is None:
        return {PORT: (offchip_bits(graph) - spared) / port.bandwidth}
    inputs = sum(brought_bits(told, graph) - constant_bits(told) for told in graph.layers)
    return {PORT: (offchip_bits(graph) - inputs - spared) / port.bandwidth, STREAM: inputs / stream.bandwidth}


def offchip_bits(graph: LayerGraph) -> int:
    """The bits that every schedule moves through the port: each operand that no layer makes, and each result, once."""
    brought = sum(brought_bits(told, graph) for told in graph.layers)
    return brought + sum(graph.layers[layer].output_bits for layer in graph.results)


def brought_bits(told: Told, graph: LayerGraph) -> int:
    """The bits of a layer's operands that no layer makes."""
    made = {edge.operand for edge in graph.edges.get(told.placed.id, ())}
    widths = {"I": told.placed.widths.I, "W": told.placed.widths.W}
    return sum(
        count(told.told(operand, told.ranges({}))) * widths[operand]
        for operand in OPERANDS[: len(told.placed.layer.inputs)]
        if operand not in made
    )


def constant_bits(told: Told) -> int:
    """The bits of a layer's operands that no run changes."""
    widths = {"I": told.placed.widths.I, "W": told.placed.widths.W}
    return sum(
        count(told.told(operand, told.ranges({}))) * widths[operand]
        for operand in OPERANDS[: len(told.placed.layer.inputs)]
        if told.is_constant(operand)
    )


@dataclass(frozen=True)
class Share:
    """Of what ZigZag has said of a layer's tiles the least, in cycles: for a loop point, and for a cycle that the port
    of the highest memory is taken."""

    of_point: float = math.inf
    of_port: float = math.inf

    def least(self, other: "Share") -> "Share":
        return Share(min(self.of_point, other.of_point), min(self.of_port, other.of_port))


def _least_cycles(told: Told, prices: Prices, said: Share) -> float:
    entry, mapping = prices.layers[told.placed.id][1], prices.mapping_of(told.placed.id)
    array = dict(prices.inputs.hardware.array)
    units = math.prod(array.values())
    # With a mapping that is chosen nobody knows which loops are unrolled: all units, then.
    if prices.search is None:
        units = min(units, most_units(mapping, dict(told.sizes), array))
    return max(
        operations(entry) * min(1 / units, said.of_point),
        _port_cycles(entry, mapping, prices) * min(1.0, said.of_port),
    )


def _port_cycles(entry: WorkloadEntry, mapping: MappingEntry, prices: Prices) -> float:
    """Cycles that the tensor which takes the port of its highest memory for longest takes it, if there is one below."""
    inputs = prices.inputs
    if inputs.hardware.in_memory:  # has a cost model of its own
        return 0.0
    port = busiest_port(entry, mapping, ports_to_lower(inputs.hardware, inputs.accelerator.hierarchy))
    return 0.0 if port is None else port.cycles


def most_units(mapping: MappingEntry, sizes: Mapping[str, int], array: Mapping[str, int]) -> int:
    """The units that a mapping entry can keep busy on a layer of these loops."""
    if mapping.spatial_mapping is not None:
        return math.prod(
            min(array.get(dim, 1), math.prod(min(factor, sizes.get(loop, 1)) for loop, factor in pairs))
            for dim, pairs in mapping.unrolled.items()
        )
    hints = mapping.spatial_mapping_hint or {}
    return math.prod(
        min(size, math.prod(sizes.get(loop.upper(), 1) for loop in hints[dim])) if dim in hints else size
        for dim, size in array.items()
    )


def _least_said(prices: Prices) -> dict[int, Share]:
    """By layer the least that ZigZag has said of any of its tiles."""
    found: dict[int, Share] = {}
    by_key: dict[str, Share] = {}
    for wanted, key in prices.keys.items():
        outcome = prices.outcomes.get(key)
        if not isinstance(outcome, TilePrice):
            continue
        if key not in by_key:
            by_key[key] = _share(prices.entries[wanted], prices.mapping_of(wanted[0]), outcome.latency_cycles, prices)
        found[wanted[0]] = by_key[key].least(found.get(wanted[0], Share()))
    return found


def _share(entry: WorkloadEntry, mapping: MappingEntry, cycles: float, prices: Prices) -> Share:
    port = _port_cycles(entry, mapping, prices)
    return Share(cycles / operations(entry), cycles / port if port else math.inf)
