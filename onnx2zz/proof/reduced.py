"""A node at smaller sizes, with the access maps of its layers as they are.

A layer whose axes are each walked by one loop, one element a step, says the same of any sizes: only how far its loops
run changes. So it is run at sizes that take no time, each another one, and what is proven there holds for its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from onnx2zz.conservation.groups import Group
from onnx2zz.emission.entry import entry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.frontend.graph import Graph, Tensor
from onnx2zz.frontend.values import KnownValues
from onnx2zz.ir.access import Access, Position, Step, Table
from onnx2zz.ir.axis import Axis, Fixed, Walk
from onnx2zz.ir.layer import Layer, steps_of
from onnx2zz.ir.workload import PlacedLayer

SMALL = 16
"""Sizes up to here stay as they are."""
INSTEAD = (17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
"""What stands for larger ones, the smallest for the smallest: primes, so that none divides another."""
WORTH = 1 << 22
"""Loop points, or elements, of a node that is run as it is."""

Sizes = Mapping[int, int]


def is_large(group: Group, graph: Graph) -> bool:
    """Whether a node takes long at its own sizes."""
    elements = sum(graph.tensors[name].elements for name in group.reads if graph.tensors[name].shape is not None)
    return max([elements, *(layer.operations for layer in group.layers)]) > WORTH


def reduced(group: Group, graph: Graph) -> tuple[Group, Graph, Mapping[int, WorkloadEntry]] | None:
    """The node, its graph and its entries at smaller sizes; None where its layers say more of their sizes than how far
    loops run, or its operands are views of what they read."""
    # A layer that reads in front of a view would need the view at other sizes, too: a Reshape's target is a constant.
    if not group.reads <= set(group.node.inputs) or not all(map(_holds_for_any_size, group.layers)):
        return None
    names = [name for name in (*group.node.inputs, *group.node.outputs) if name]
    shapes = [graph.tensors[name].shape for name in names]
    # One stand-in for a size wherever it occurs, in shapes and loops alike: what was equal stays so, and else the
    # access maps would not fit the tensors.
    sizes = _smaller([*(shape or () for shape in shapes), *(tuple(layer.sizes.values()) for layer in group.layers)])
    # More large sizes than stand-ins: two of them would become one, and exchanged axes would hide.
    if sizes is None or any(shape is None for shape in shapes):
        return None
    members = tuple(_member(member, sizes) for member in group.members)
    entries = {member.id: entry(member) for member in members if isinstance(member, PlacedLayer)}
    return Group(group.node, members), _graph(group, graph, sizes), entries


def _member(member: PlacedLayer | Layer, sizes: Sizes) -> PlacedLayer | Layer:
    if isinstance(member, PlacedLayer):
        return replace(member, layer=_resized(member.layer, sizes))
    return _resized(member, sizes)


def _smaller(shapes: Sequence[tuple[int, ...]]) -> Sizes | None:
    """What stands for each size; None where there are too many of them."""
    large = sorted({size for shape in shapes for size in shape if size > SMALL})
    return dict(zip(large, INSTEAD, strict=False)) if len(large) <= len(INSTEAD) else None


def _holds_for_any_size(layer: Layer) -> bool:
    steps = steps_of(layer)
    # A table has a number for each element, a position depends on how far the loop runs, and a step on all before it.
    if layer.recurrent or any(isinstance(step.operand, Table | Position) for step in steps):
        return False
    accesses = [layer.output, *layer.inputs, *(s.operand for s in steps if isinstance(s.operand, Access))]
    return all(_is_plain(access, layer) for access in accesses)


def _is_plain(access: Access, layer: Layer) -> bool:
    # Each of these makes the map depend on where a tensor ends.
    plain = not access.packed and access.outside is None and access.picks is None and access.border == "constant"
    return plain and all(_is_whole(axis, layer) for axis in access.axes)


def _is_whole(axis: Axis, layer: Layer) -> bool:
    """Whether an axis is one loop's, from its first element to its last, or none's and of one element."""
    if isinstance(axis, Fixed):
        return axis.extent == 1
    (loop, step), *_ = axis.terms
    # A part of an axis, or every second element, is a statement about its size.
    return isinstance(axis, Walk) and step == 1 and axis.offset == 0 and axis.extent == layer.sizes[loop]


def _resized(layer: Layer, sizes: Sizes) -> Layer:
    return replace(
        layer,
        loops=tuple((loop, sizes.get(size, size)) for loop, size in layer.loops),
        output=_access(layer.output, sizes),
        inputs=tuple(_access(access, sizes) for access in layer.inputs),
        combine=_step(layer.combine, sizes),
        after=tuple(_step(step, sizes) for step in layer.after),
        # A count of the original sizes, which means nothing here.
        macs_useful=None,
    )


def _access(access: Access, sizes: Sizes) -> Access:
    axes = tuple(replace(axis, extent=sizes.get(axis.extent, axis.extent)) for axis in access.axes)
    return replace(access, axes=axes, prepare=tuple(_step(step, sizes) for step in access.prepare))


def _step(step: Step, sizes: Sizes) -> Step:
    return replace(step, operand=_access(step.operand, sizes)) if isinstance(step.operand, Access) else step


def _graph(group: Group, graph: Graph, sizes: Sizes) -> Graph:
    """The node alone; constants keep their values where they keep their sizes."""
    node, known = group.node, KnownValues()
    names = {name for name in (*node.inputs, *node.outputs) if name}
    tensors: dict[str, Tensor] = {}
    for name in names:
        tensor = graph.tensors[name]
        shape = tuple(sizes.get(size, size) for size in tensor.shape or ())
        tensors[name] = Tensor(shape, tensor.type)
        # A constant of another size is drawn anew; a small one (axes, a zero point) may steer the node and must keep
        # its value.
        value = graph.value(name) if name in graph.static and shape == tensor.shape else None
        if value is not None:
            known.hold(name, np.asarray(value))
    inputs = tuple(name for name in node.inputs if name)
    return Graph(
        graph.name,
        (node,),
        inputs,
        tuple(filter(None, node.outputs)),
        tensors,
        graph.constants & names,
        graph.static & names,
        frozenset(),
        known,
    )
