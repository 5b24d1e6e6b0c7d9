"""What must be conserved between a graph and its workload: work, volumes, edges and widths, each counted twice."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from onnx2zz.compiler import Compiled
from onnx2zz.conservation.edges import Reach, wrong_edges
from onnx2zz.conservation.groups import Group, fates_of
from onnx2zz.conservation.law import PRODUCTS, wrong_work
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.formats.workload_entry import WorkloadEntry, volumes
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.ir.axis import fixed
from onnx2zz.ir.layer import Layer, step_operands
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.lowering.options import WIDTHS
from onnx2zz.proof.cut_taps import cut_taps
from onnx2zz.proof.elements import count, inside, places
from onnx2zz.proof.provenance import NOTHING, Origins, unfed_reads

LSTM_GATES, FORGET = 4, 2  # in the order i, o, f, c (ONNX page LSTM)


def conservation(compiled: Compiled, lowered: Mapping[Node, Group]) -> tuple[Mismatch, ...]:
    """Everything in which the workload and the graph disagree about MACs, volumes, edges and widths."""
    graph = compiled.graph
    fates = fates_of(graph, compiled.workload)
    reach, origins = Reach(graph, fates, lowered), Origins(graph, fates, lowered)
    found: list[Mismatch] = []
    for node in graph.nodes:
        if group := lowered.get(node):
            found += _of_group(group, compiled, reach, origins)
        else:
            origins.pass_node(node)
    return tuple(found)


def _of_group(group: Group, compiled: Compiled, reach: Reach, origins: Origins) -> list[Mismatch]:
    """A lowered node: each of its layers, then all together."""
    found: list[Mismatch] = []
    # What the node passes on stands before its layers write; those then claim their parts.
    origins.begin(group)
    for member in group.members:
        if isinstance(member, PlacedLayer):
            found += wrong_edges(member, compiled.entries[member.id], reach)
            found += unfed_reads(member, origins)
            found += wrong_volumes(member, compiled.entries[member.id])
            found += wrong_widths(member, compiled.entries)
        origins.add(member)
    return [
        *found,
        *wrong_work(group, compiled.graph, compiled.entries),
        *unwritten(group, compiled.graph, origins),
        *unread(group, compiled.graph),
    ]


def wrong_volumes(placed: PlacedLayer, entry: WorkloadEntry) -> Iterator[Mismatch]:
    """The volumes that ZigZag computes from the entry, against the elements that the layer's maps touch."""
    layer = placed.layer
    if not inside(layer.output, layer.sizes):
        yield Mismatch(placed.node, placed.id, "O", "elements of its tensor", "elements beyond it", "size")
    try:
        said = volumes(entry)
    except (KeyError, ValueError):
        return  # an entry that cannot be read is reported where it is bound
    for operand, access in zip("OIW", (layer.output, *layer.inputs), strict=False):
        counted = count(access, layer.sizes)
        if said.get(operand) != counted:
            yield Mismatch(placed.node, placed.id, f"volume of {operand}", counted, str(said.get(operand)), "size")


def unwritten(group: Group, graph: Graph, origins: Origins) -> Iterator[Mismatch]:
    """Elements of the node's outputs that no layer writes, or several do."""
    for output in filter(None, group.node.outputs):
        # A rider or a view makes it; its elements are judged where they are read.
        if output not in group.made:
            continue
        elements = graph.tensors[output].elements
        if origins.sources(origins.of(output)) & NOTHING and not _in_place(group, output, graph):
            yield Mismatch(group.node.label, None, output, f"all {elements} elements written", "some are not", "size")
        written = sum(count(layer.output, layer.sizes) for layer in group.layers if layer.output.tensor == output)
        if written > elements:
            yield Mismatch(group.node.label, None, f"elements of {output}", elements, written, "size")


def _in_place(group: Group, output: str, graph: Graph) -> bool:
    """Whether an output is a buffer of its own shape that the node reads, and new elements in it."""
    steering = {name for layer in group.layers if layer.output.tensor == output for name in layer.also_reads}
    return any(graph.tensors[name].shape == graph.tensors[output].shape for name in steering & graph.tensors.keys())


def unread(group: Group, graph: Graph) -> Iterator[Mismatch]:
    """Elements that some layer should read and none does: weights of a product, results of the node's other layers."""
    masks: dict[str, np.ndarray] = {}
    for layer in group.layers:
        for access in [*layer.inputs, *step_operands(layer)]:
            # Activations may be read in part: a strided convolution skips elements, and a slice is a view. A weight of
            # a product that nobody reads, or a result between the node's own layers, is a sign of a loop that is too
            # short.
            weights = access.tensor in graph.static and layer.operator_type in PRODUCTS and facts_of(group.node.op).macs
            between = access.tensor in group.made and access.tensor not in group.node.outputs
            if (weights and access in layer.inputs) or between:
                shape = [axis.extent for axis in access.axes]
                mask = masks.setdefault(access.tensor, _needless(group, access.tensor, graph, shape))
                mask.reshape(shape)[places(access, layer.sizes)] = True
    states = states_unasked(group, graph)
    for name, mask in masks.items():
        # Each state that nobody asks for excuses one tensor: the same gap in another is a fault.
        if states and _only_last_step(name, mask, group):
            states -= 1
        # Elements between layers that nobody reads were computed in vain, or by loops that are too long.
        elif not mask.all():
            yield Mismatch(group.node.label, None, f"elements of {name}", mask.size, int(mask.sum()), "size")


def states_unasked(group: Group, graph: Graph) -> int:
    """How many last states nobody reads: results of the node all the same, made step by step."""
    if group.node.recurrence is not None:
        return sum(not graph.is_read(one.last) for one in group.node.recurrence.carried)
    if group.node.op != "LSTM":
        return 0
    y, hidden, cell = (
        bool(o) and (o in graph.readers or o in graph.results) for o in (*group.node.outputs, "", "")[:3]
    )
    # In each direction. The hidden state is the last of Y, so that it is needed where either is read.
    return graph.shape(group.node.inputs[1])[0] * ((not y and not hidden) + (not cell))


def _only_last_step(name: str, mask: np.ndarray, group: Group) -> bool:
    """Whether the unread elements of a tensor are those that its layer writes in its last step."""
    layer = next((layer for layer in group.layers if layer.output.tensor == name), None)
    if layer is None or mask.all():
        return False
    # A state that hangs on none is written by a layer of all steps, which does not say which of its loops they are.
    loops = [layer.recurrent] if layer.recurrent else [*layer.sizes] if group.node.recurrence else []
    return any((mask == _all_but_last(layer, loop).ravel()).all() for loop in loops if loop in layer.output.loops)


def _all_but_last(layer: Layer, loop: str) -> np.ndarray:
    """A mask over a layer's output: what it does not write in the last iteration of a loop."""
    last = layer.sizes[loop] - 1
    axes = tuple(
        fixed(axis.extent, axis.offset + axis.terms[0][1] * last) if dict(axis.terms).get(loop) else axis
        for axis in layer.output.axes
    )
    unread = np.ones([axis.extent for axis in axes], bool)
    unread[places(replace(layer.output, axes=axes), layer.sizes)] = False
    return unread


def _is_product(tensor: str, group: Group) -> bool:
    return any(layer.operator_type in PRODUCTS for layer in group.layers if layer.output.tensor == tensor)


def _needless(group: Group, tensor: str, graph: Graph, shape: Sequence[int]) -> np.ndarray:
    """A flat mask over a tensor: the elements that nobody has to read."""
    if group.node.op == "ConvTranspose" and tensor == group.node.inputs[1]:
        return cut_taps(group.node, graph).ravel().copy()
    mask = np.zeros(math.prod(shape), bool)
    if group.node.op == "com.microsoft.MatMulNBits" and tensor == group.node.inputs[1]:
        mask.reshape(shape)[:, group.node.integer("K") :] = True  # fills up each row's last block
    if group.node.op == "com.microsoft.MatMulBnb4" and tensor == group.node.inputs[1]:
        mask[group.node.integer("K") * group.node.integer("N") :] = True  # fills up the last byte
    if group.node.op == "LSTM" and group.node.integer("input_forget", 0) and _is_product(tensor, group):
        mask.reshape(-1, LSTM_GATES, graph.shape(group.node.inputs[2])[2])[:, FORGET] = True  # 1 - input stands for it
    return mask


def wrong_widths(placed: PlacedLayer, entries: Sequence[WorkloadEntry]) -> Iterator[Mismatch]:
    """Widths of the entry against those decided on, and against what its sources have written."""
    said: Mapping[str, object] = entries[placed.id].get("operand_precision") or {}
    for operand in WIDTHS:
        if said.get(operand) != getattr(placed.widths, operand):
            wanted, got = getattr(placed.widths, operand), str(said.get(operand))
            yield Mismatch(placed.node, placed.id, f"bits of {operand}", wanted, got, "width")
