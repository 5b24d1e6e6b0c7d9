"""What any schedule has to do at least: all iterations on all units, and all operands and results through the port.

A tile of n loop points takes n / u cycles or more, where u is the largest number of units that the mapping can keep
busy on the layer, whatever its box; where ZigZag has said less for a tile that it was asked for, that share holds.
"""

import math
from collections.abc import Container, Mapping
from dataclasses import replace

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import operations
from onnx2zz.system.bounds import Bounds, bounds, work_bound
from onnx2zz.system.description import System
from onnx2zz.system.elements import count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.plan import OPERANDS
from onnx2zz.system.prices import Prices, TilePrice

CORES, PORT, STREAM = "the cores' units", "the off-chip port", "the stream of inputs"


def least_bounds(system: System, graph: LayerGraph, prices: Mapping[CoreId, Prices], stays: float = 0.0) -> Bounds:
    """The bounds of a model on a system. `stays`: bits of constants that memories may hold from one frame to the next,
    so that they do not come with each."""
    own = {id(one): one for one in prices.values()}
    shares = {number: _least_shares(one) for number, one in own.items()}
    work: list[list[float]] = []
    for told in graph.layers:
        layer = told.placed.id
        least = {n: _least_cycles(told, one, shares[n].get(layer, math.inf)) for n, one in own.items()}
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


def _least_cycles(told: Told, prices: Prices, share: float) -> float:
    """`share`: the fewest cycles for a loop point that ZigZag has said."""
    entry = prices.layers[told.placed.id][1]
    points = operations(entry)
    array = dict(prices.inputs.hardware.array)
    units = math.prod(array.values())
    # With a mapping that is chosen nobody knows which loops are unrolled: all units, then.
    if prices.search is None:
        units = min(units, most_units(prices.mapping_of(told.placed.id), dict(told.sizes), array))
    return points * min(1 / units, share)


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


def _least_shares(prices: Prices) -> dict[int, float]:
    """By layer the fewest cycles for a loop point that ZigZag has said of any of its tiles."""
    found: dict[int, float] = {}
    for wanted, key in prices.keys.items():
        outcome = prices.outcomes.get(key)
        if isinstance(outcome, TilePrice):
            share = outcome.latency_cycles / operations(prices.entries[wanted])
            found[wanted[0]] = min(found.get(wanted[0], math.inf), share)
    return found
