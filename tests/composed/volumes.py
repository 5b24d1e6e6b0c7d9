"""The volume of every operand as ZigZag counts it, against the different numbers that are read."""

from collections.abc import Iterator

import numpy as np
import onnx

from onnx2zz.formats.workload_entry import WorkloadEntry, volumes
from onnx2zz.ir.workload import PlacedLayer
from tests.composed.finding import Finding
from tests.composed.labels import ALL, distinct, moves
from tests.composed.producers import Producers, flat_name, places_written
from tests.composed.reads import read_places

PRODUCTS = frozenset({"Conv", "MatMul", "Gemm"})
"""Operators whose first two inputs are operands, constants or not; elsewhere constants may ride."""
ROWS = "Gather"
"""It reads as many rows as there are positions, be they the same."""


def wrong_volumes(producers: Producers, entries: tuple[WorkloadEntry, ...]) -> Iterator[Finding]:
    """Every node of one layer whose reads are known, and every layer that moves elements."""
    for node in producers.flat.nodes:
        layers = producers.layers.get(node.name, [])
        if moves(node, producers.flat):
            for placed in layers if node.op_type != ROWS else ():
                yield from _of_movement(node, placed, producers, entries[placed.id])
        elif len(layers) == 1:
            yield from _of_layer(node, producers, entries[layers[0].id])


def _of_movement(
    node: onnx.NodeProto, placed: PlacedLayer, producers: Producers, entry: WorkloadEntry
) -> Iterator[Finding]:
    before = producers.labels.before[flat_name(placed.layer.output.tensor)]
    places = ALL
    if len(node.output) > 1 or node.op_type == "Concat":
        places = np.zeros(before.shape, bool)
        places[places_written(placed.layer)] = True
    read, said = distinct(before, places), volumes(entry)
    if said["I"] != read:
        yield Finding(f"volume: {node.op_type}", f"{node.name} I: {said['I']} elements, {read} are read")
    written = int(np.broadcast_to(places, before.shape).sum())
    if said["O"] != written:
        yield Finding(f"volume: {node.op_type}", f"{node.name} O: {said['O']} elements, {written} are written")


def _of_layer(node: onnx.NodeProto, producers: Producers, entry: WorkloadEntry) -> Iterator[Finding]:
    """Each operand of one volume that the numbers give; each tensor that the run brings is an operand."""
    flat, said = producers.flat, volumes(entry)
    counts = {name: _count(node, name, producers) for name in node.input if name}
    if any(count is None for count in counts.values()):
        return
    operands = [volume for operand, volume in said.items() if operand != "O" and (operand == "I" or volume > 1)]
    factors = node.input[:2] if node.op_type in PRODUCTS else ()
    needed = [counts[n] for n in counts if n in factors or (n not in flat.constants and producers.of(n))]
    if not set(operands) <= set(counts.values()) or not set(needed) <= set(said.values()):
        yield Finding(f"volume: {node.op_type}", f"{node.name}: {said}, but {counts} are read")
    written = int(np.prod(flat.kinds[node.output[0]].fixed))
    if said["O"] != written:
        yield Finding(f"volume: {node.op_type}", f"{node.name} O: {said['O']} elements, {written} are written")


def _count(node: onnx.NodeProto, name: str, producers: Producers) -> int | None:
    places = read_places(node, name, producers.flat)
    if places is None or name not in producers.labels.numbers:
        return None
    return distinct(producers.labels.numbers[name], places)
