"""Tensors of few values: how many bits tell them apart, whatever type ONNX gives them.

A spike is 0 or 1, a sign -1, 0 or 1, and a quantiser's result one of as many as its width allows; no cast, scaling or
selection of these needs more. What is known of a tensor's values follows from those of the tensors it is made from.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import onnx

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.integer_ranges import INTEGER_RANGES
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.ir.access import Access, Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.registry import operators

MOST = 16
"""Values that are followed one by one: beyond four bits only the width is."""
TRUTH = (0.0, 1.0)
SIGNS = (-1.0, 0.0, 1.0)
BOOL = onnx.TensorProto.BOOL
SCALES = frozenset({"Mul", "Div", "Add", "Sub"})
"""By a constant, they give each of the values another name."""
SELECTS = frozenset({"MaxPool", "GlobalMaxPool", "ReduceMax", "ReduceMin", "Relu", "com.microsoft.NhwcMaxPool"})
"""Each element of the result is one of the operand's, or zero."""
ROUNDINGS: Mapping[str, Callable[[float], int]] = {"Round": round, "Floor": math.floor, "Ceil": math.ceil}
LEVELS = 256
"""Integers between bounds that are told from each other: more are of a width that no quantiser has."""
COMPUTED = SCALES | {"Cast", "CastLike", "Relu", "Clip", "Sign", "Abs", "Neg", "Max", "Min", "Where", "Sum", "Mean"}
"""One element of each operand makes one of the result."""


@dataclass(frozen=True)
class FewValues:
    """What an element may be: how many bits tell, and the values themselves where they are few and known."""

    bits: int
    values: tuple[float, ...] = ()


Known = Mapping[str, FewValues]


def of_values(values: "np.ndarray | tuple[float, ...]") -> FewValues | None:
    """An element that is one of these; None if they are many."""
    found = np.unique(np.asarray(values, np.float64))
    if not 1 < found.size <= MOST or not np.isfinite(found).all():
        return None
    return FewValues(max(1, math.ceil(math.log2(found.size))), tuple(map(float, found)))


def joined(every: list[FewValues | None]) -> FewValues | None:
    """An element that is one of any of some tensors' elements."""
    known = [one for one in every if one is not None]
    if not known or len(known) < len(every):
        return None
    if all(one.values for one in known):
        return of_values(tuple(value for one in known for value in one.values))
    return FewValues(max(one.bits for one in known))


def made_by(node: Node, graph: Graph, known: Known) -> FewValues | None:
    """What the first output of a node may be, by what its inputs may be; None where that is anything."""
    operator = operators().get(node.op)
    if operator is None or operator.host:
        return None
    if told := told_bits(node, graph):
        return FewValues(math.ceil(told))
    # A comparison has two results whatever it compares, so nothing need be known of its operands.
    if graph.tensors[node.outputs[0]].type == BOOL:
        return FewValues(1, TRUTH)
    if node.op == "Clip" and (bits := _clipped_bits(node, graph)):
        return FewValues(bits)
    if rounded := _between_bounds(node, graph):
        return rounded
    first = known.get(node.input(0))
    # Sign has three results of anything; operands that are known may leave fewer (of a spike's 0 and 1, two).
    if node.op == "Sign":
        return _computed(node, graph, known) or FewValues(2, SIGNS)
    # Relu both selects and computes: of a width without values nothing can be computed, yet the width still holds. With
    # values it must be computed, since -1, 0 and 1 become two.
    if node.op in SELECTS and first and not first.values:
        return first
    if node.op in COMPUTED and any(name in known for name in node.inputs):
        return _computed(node, graph, known) or (_scaled(node, graph, known) if node.op in SCALES else None)
    return first if node.op in SELECTS else None


def told_bits(node: Node, graph: Graph) -> float | None:
    """The bits that a quantiser gives its result."""
    bits = facts_of(node.op).bits
    told = bits(node, graph) if bits else None
    return told if told is not None and 0 < told < math.inf else None


def _clipped_bits(node: Node, graph: Graph) -> int:
    """Of integers between bounds, fewer than those of their type; else 0."""
    limits = INTEGER_RANGES.get(onnx.TensorProto.DataType.Name(graph.tensors[node.outputs[0]].type))
    if limits is None:
        return 0
    bounds = [graph.value(node.input(index)) for index in (1, 2)]
    given = [int(np.ravel(bound)[0]) if bound is not None and bound.size else None for bound in bounds]
    low, high = (limit if bound is None else bound for bound, limit in zip(given, limits, strict=True))
    low, high = max(low, limits[0]), min(high, limits[1])
    if (low, high) == limits or low > high:
        return 0
    # Two's complement reaches one further down than up: -8 takes four bits as 7 does.
    return max(1, high.bit_length()) if low >= 0 else max(high.bit_length(), (-low - 1).bit_length()) + 1


def _between_bounds(node: Node, graph: Graph) -> FewValues | None:
    """Rounded before or behind a Clip: the integers between its bounds, as a quantiser that is written out has them."""
    other = graph.maker.get(node.input(0))
    if other is None or {node.op, other.op} - {"Clip"} not in ({op} for op in ROUNDINGS):
        return None
    low, high = _bounds(node if node.op == "Clip" else other, graph)
    if not low < high < low + LEVELS:
        return None
    if node.op == "Clip":
        levels = (low, *map(float, range(math.ceil(low), math.floor(high) + 1)), high)
    else:
        turned = ROUNDINGS[node.op]
        levels = tuple(map(float, range(turned(low), turned(high) + 1)))
    return of_values(levels) or _of_many(len(set(levels)))


def _of_many(values: int) -> FewValues | None:
    return FewValues(math.ceil(math.log2(values))) if MOST < values <= LEVELS else None


def _bounds(clip: Node, graph: Graph) -> tuple[float, float]:
    """Infinite where nobody knows them: inputs, attributes before version 11."""
    ends: list[float] = []
    for index, (name, default) in enumerate((("min", -math.inf), ("max", math.inf)), start=1):
        bound = graph.value(clip.input(index))
        unknown = bool(clip.input(index)) and (bound is None or bound.size != 1)
        given = clip.number(name, default) if bound is None else float(bound.ravel()[0])
        ends.append(default if unknown else given)
    return ends[0], ends[1]


def _scaled(node: Node, graph: Graph, known: Known) -> FewValues | None:
    """Few values with a scale or a shift for each channel: as many of them."""
    varying = [name for name in node.inputs if name not in graph.static]
    if len(varying) == 1 and varying[0] in known:
        return FewValues(known[varying[0]].bits)
    return None


def _computed(node: Node, graph: Graph, known: Known) -> FewValues | None:
    """The node's function of every combination of its operands' values."""
    values: dict[str, tuple[float, ...]] = {name: one.values for name, one in known.items() if name in node.inputs}
    for name in node.inputs:
        value = graph.value(name) if name in graph.static and name not in values else None
        # Every value is combined with every other, so a constant for each channel would mix the channels' results up.
        if value is not None and value.size == 1:
            values[name] = (float(value.ravel()[0]),)
    if not all(values.get(name) for name in node.data_inputs if name):
        return None
    # A node of unknown shape is the host's, and has no layer.
    if any(name and graph.tensors[name].shape is None for name in (*node.inputs, *node.outputs)):
        return None
    for layer in operators()[node.op].lower(node, graph):
        found = _of_layer(layer, values)
        if found is None:
            return None
        values[layer.output.tensor] = found
    return of_values(values[node.outputs[0]])


def _of_layer(layer: Layer, values: Mapping[str, tuple[float, ...]]) -> tuple[float, ...] | None:
    operands = [_read(access, values) for access in layer.inputs]
    # A sum is over elements that differ: one value of each operand does not tell it.
    if layer.reduce != "none" or any(not operand for operand in operands):
        return None
    found = [_stepped(layer.combine, one, values) for one in product(*(operand for operand in operands if operand))]
    # A step is None for all values or for none, as that hangs on its own operand: what is left out here leaves the list
    # empty, and of an empty one nothing is told.
    for step in layer.after:
        found = [_stepped(step, (one,), values) for one in found if one is not None]
    return tuple(dict.fromkeys(one for one in found if one is not None)) if None not in found else None


def _read(access: Access, values: Mapping[str, tuple[float, ...]]) -> tuple[float, ...] | None:
    found: list[float | None] = list(values.get(access.tensor, ()))
    for step in access.prepare:
        found = [_stepped(step, (one,), values) for one in found if one is not None]
    return None if None in found else tuple(one for one in found if one is not None)


def _stepped(step: Step, operands: tuple[float, ...], values: Mapping[str, tuple[float, ...]]) -> float | None:
    """A step's value; None where it has an operand of more than one value."""
    if step.operand is not None:
        own = _read(step.operand, values) if isinstance(step.operand, Access) else None
        if own is None or len(own) != 1:
            return None
        operands = (*operands, *own)
    return float(step.function(*operands, *step.parameters))
