"""What is known of one operator: its output shapes, the ranges of its attributes, its multiply-accumulates, the random
numbers of its proof.

How it is lowered is not said here (ops/): the law of conservation counts a node's work by these facts, so that a
lowering which loses some of it is found out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import onnx

from onnx2zz.frontend.graph import Graph, Node, Tensor
from onnx2zz.frontend.operators.draws import ORDINARY, Draws

Shape = tuple[int, ...]
Tensors = Sequence[Tensor | None]
"""A node's inputs, None where one is left out."""
Outputs = tuple[Tensor | None, ...]
"""One for each output, None where it stays unknown."""
Rule = Callable[[Node, Tensors], Outputs]
Count = Callable[[Node, Graph], int]
Bits = Callable[[Node, Graph], float | None]
"""Bits of an element of the result, perhaps with a fraction; None where only a run knows."""

SIZES = range(1, 2**31)
COUNTS = range(2**31)
OFFSETS = range(-(2**31), 2**31)


@dataclass(frozen=True)
class KeyMask:
    """The input that hides keys of an attention: a number for each of them, or how many of each sequence take part.

    `keys`: the input that holds the keys.
    """

    input: int
    keys: int = 0


@dataclass(frozen=True)
class OperatorFacts:
    """One operator; `name` carries its domain unless that is ONNX's own.

    `shapes`: its outputs, where onnx has no inference for it. `ranges`: what the numbers of its attributes may be,
    where that is not what attributes of the name usually take (node_check.RANGES). `slides`: its first input has a
    batch axis, a channel axis, and then the axes that a window slides over. `axis_inside`: its `axis` must be one of
    its first input, which onnx does not look at, or only after it has used it. `macs`: how many multiply-accumulates a
    node stands for, by its shapes and attributes alone. `multiplies`: it carries some, but no such count is settled.
    `mask` and `lengths`: inputs that count keys and the steps of each sequence, which no random numbers can stand for.
    `draws`: the random numbers that its proof takes. `bits`: how many bits its result takes, where the operator decides
    that. `operand_bits`: those of its first two inputs, where it takes no others (0: it does not say).
    `caches`: outputs, by their place, that are an input with what is new written into it.
    """

    name: str
    shapes: Rule | None = None
    ranges: Mapping[str, range] = field(default_factory=dict[str, range])
    slides: bool = False
    axis_inside: bool = False
    macs: Count | None = None
    multiplies: bool = False
    mask: KeyMask | None = None
    lengths: int | None = None
    draws: Draws = ORDINARY
    bits: Bits | None = None
    operand_bits: int = 0
    caches: Mapping[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        assert not (self.macs and self.multiplies), f"{self.name}: multiplies is for operators without a count"

    @property
    def carries_macs(self) -> bool:
        """Such an operator never folds by a bound value, and is never left to the host in silence."""
        return self.multiplies or self.macs is not None

    def work(self, node: Node, graph: Graph) -> int | None:
        """The node's multiply-accumulates; None where it has some and no count is settled."""
        if self.macs is not None:
            return self.macs(node, graph)
        return None if self.multiplies else 0


def microsoft(
    op: str,
    shapes: Rule | None,
    *,
    slides: bool = False,
    macs: Count | None = None,
    multiplies: bool = False,
    mask: KeyMask | None = None,
    lengths: int | None = None,
    draws: Draws = ORDINARY,
    caches: Mapping[int, int] = MappingProxyType({}),
) -> OperatorFacts:
    """The facts of an operator that ONNX Runtime adds, of which onnx knows nothing."""
    name = f"com.microsoft.{op}"
    return OperatorFacts(
        name,
        shapes,
        slides=slides,
        macs=macs,
        multiplies=multiplies,
        mask=mask,
        lengths=lengths,
        draws=draws,
        caches=caches,
    )


def shape_of(tensors: Tensors, index: int) -> Shape | None:
    """The shape of an input; None if it is left out or unknown."""
    tensor = tensors[index] if index < len(tensors) else None
    return tensor.shape if tensor else None


def type_of(tensors: Tensors, index: int) -> int:
    """The element type of an input, float if it is left out."""
    tensor = tensors[index] if index < len(tensors) else None
    return tensor.type if tensor else onnx.TensorProto.FLOAT


def shaped(shape: Shape | None, element: int) -> Tensor | None:
    """A tensor of the shape, if that is known."""
    return None if shape is None else Tensor(tuple(shape), element)


def same(node: Node, tensors: Tensors) -> Outputs:
    """One output like the first input."""
    return (tensors[0],)


def broadcast(*indices: int) -> Rule:
    """One output of the shape that numpy broadcasts some inputs to, of the last one's type."""

    def rule(node: Node, tensors: Tensors) -> Outputs:
        shapes = [shape_of(tensors, index) for index in indices]
        known = [s for s in shapes if s is not None]
        shape = np.broadcast_shapes(*known) if len(known) == len(shapes) else None
        return (shaped(shape, type_of(tensors, indices[-1])),)

    return rule
