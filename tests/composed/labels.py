"""Numbered elements: onnxruntime moves the numbers, and where they arrive is who was read.

Every element that something writes (inputs and constants of the graph too) has a number of its own. What only moves
elements is run on the numbers, all at once. Nothing of onnx2zz takes part.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from tests.composed.flat import FLOAT, Flat, Kind, flat_model
from tests.oracle import onnxruntime_run

MOVERS = frozenset(
    {"CenterCropPad", "Concat", "DepthToSpace", "Dropout", "Expand", "Flatten", "Gather", "Identity", "Pad", "Reshape"}
    | {"Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"}
)
NOBODY = 0.0
"""The number of what a Pad adds."""
Places = np.ndarray
"""A mask that broadcasts to a tensor."""
ALL = np.asarray(True)
NOWHERE = np.asarray(False)


@dataclass(frozen=True)
class Labels:
    """`numbers`: those that stand in each tensor. `before`: those that a node moves to its outputs, whether a layer
    writes new ones over them or not. `owner`: the tensor that each number was given for."""

    numbers: Mapping[str, np.ndarray]
    before: Mapping[str, np.ndarray]
    owner: tuple[str, ...]

    def owners(self, numbers: np.ndarray, places: Places = ALL) -> frozenset[str]:
        """Whose elements these are, at some places."""
        found = np.unique(numbers[np.broadcast_to(places, numbers.shape)])
        return frozenset(self.owner[int(number)] for number in found if number != NOBODY)


def distinct(numbers: np.ndarray, places: Places = ALL) -> int:
    """How many different elements these are, at some places."""
    found = np.unique(numbers[np.broadcast_to(places, numbers.shape)])
    return len(found[found != NOBODY])


def moves(node: onnx.NodeProto, flat: Flat) -> bool:
    """Whether a node moves elements to places that are known before the run."""
    return node.op_type in MOVERS and all(name in flat.constants for name in steering(node))


def data(node: onnx.NodeProto) -> list[str]:
    """The tensors whose elements a node moves."""
    return list(node.input if node.op_type == "Concat" else node.input[:1])


def steering(node: onnx.NodeProto) -> list[str]:
    """The other ones."""
    return [] if node.op_type == "Concat" else [name for name in node.input[1:] if name]


def labels(
    flat: Flat, written: Mapping[str, Places], same: Collection[str], passed: Mapping[str, Places] | None = None
) -> Labels:
    """The numbers of every tensor whose shape is known.

    `written`: outputs of nodes that move elements, and where layers write them all the same. `same`: names of other
    nodes that hand their first input on unchanged. `passed`: outputs of nodes that move elements, and where new ones
    are written that belong to whoever owned those that were moved there.
    """
    passed = passed or {}
    moving = [node for node in flat.nodes if node.name in same or moves(node, flat)]
    made = {output for node in moving for output in node.output}
    given: dict[str, np.ndarray] = {}
    owner: list[str] = [""]
    for name in dict.fromkeys((*flat.inputs, *flat.constants, *(o for node in flat.nodes for o in node.output))):
        kind = flat.kinds[name]
        if name and kind.known and (name not in made or name in written or name in passed):
            size = int(np.prod(kind.fixed))
            given[name] = np.arange(len(owner), len(owner) + size, dtype=np.float32).reshape(kind.fixed)
            owner += [name] * size
    anew = {name: written.get(name, NOWHERE) | passed.get(name, NOWHERE) for name in {*written, *passed}}
    found = _run(flat, moving, given, anew, same)
    before = {name: found[f"{name}.before"] for name in made}
    for name in (output for node in moving for output in node.output if output in passed):
        places = np.broadcast_to(passed[name], before[name].shape)
        for new, old in zip(given[name][places], before[name][places], strict=True):
            owner[int(new)] = owner[int(old)]
    return Labels(given | {name: found[name] for name in made}, before, tuple(owner))


def _run(
    flat: Flat,
    moving: list[onnx.NodeProto],
    given: Mapping[str, np.ndarray],
    written: Mapping[str, Places],
    same: Collection[str],
) -> dict[str, np.ndarray]:
    """Both kinds of numbers: NAME.before as they are moved, NAME with the new ones in it."""
    if not moving:
        return {}
    nodes: list[onnx.NodeProto] = []
    constants = {name: flat.constants[name] for node in moving for name in steering(node) if name in flat.constants}
    for node in moving:
        nodes.append(_for_numbers(node, node.name in same))
        for output in node.output:
            sources = [f"{output}.where", f"{output}.new", f"{output}.before"]
            places = np.broadcast_to(written.get(output, NOWHERE), flat.kinds[output].fixed)
            constants |= {sources[0]: places, sources[1]: given.get(output, np.zeros((), np.float32))}
            nodes.append(helper.make_node("Where", sources, [output], output))
    made = {output for node in nodes for output in node.output}
    inputs = {name: given[name] for node in moving for name in data(node) if name not in made}
    kinds = {name: Kind(FLOAT, flat.kinds[name.removesuffix(".before")].shape) for name in {*made, *inputs}}
    model = flat_model(Flat(tuple(nodes), inputs, constants, tuple(sorted(made)), kinds))
    return onnxruntime_run(model, inputs)


def _for_numbers(node: onnx.NodeProto, same: bool) -> onnx.NodeProto:
    """The node on numbers: what a Pad adds is nobody's."""
    outputs = [f"{output}.before" for output in node.output]
    if same:
        return helper.make_node("Identity", node.input[:1], outputs, node.name)
    moved = onnx.NodeProto()
    moved.CopyFrom(node)
    moved.output[:] = outputs
    if node.op_type == "Pad" and len(node.input) > 2:
        moved.input[2] = ""
    return moved
