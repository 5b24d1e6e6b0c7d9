"""A Loop or Scan as the steps of a recurrence: its body once, and how its tensors hang together from step to step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx2zz.frontend.graph import Graph, Node


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the steps' values of a tensor lie in one tensor of all steps: step t at `first + stride * t` of `axis`.

    The axis is `extent` long, and the values of one step have none there. Where a step takes several places side by
    side, the tensor's own axis is that of the parts, `extent` of them, and the step's values have the places of one.
    """

    tensor: str
    axis: int
    extent: int
    first: int = 0
    stride: int = 1


@dataclass(frozen=True, slots=True)
class Carried:
    """A state: what a step reads as `inside` is what the step before it made as `after`, and `initial` in the first.

    `last`: the node's output with the state after the last step, "" if it has none.
    """

    inside: str
    initial: str
    after: str
    last: str


@dataclass(frozen=True, eq=False)
class Recurrence:
    """`steps` runs of `body`, a graph of the tensors of one step.

    `slices`: inputs of the body that are a part of an outer tensor at each step. `stacked`: results of the body, each
    with the places of all steps in an output of the node. `opsets`: the operator sets of the body's nodes. `aside`:
    further nodes of the file's body, which cut the slices, or tell the step or whether there is one more.
    """

    steps: int
    body: "Graph"
    carried: tuple[Carried, ...]
    slices: Mapping[str, Rows]
    stacked: tuple[tuple[str, Rows], ...]
    opsets: Mapping[str, int]
    aside: "tuple[Node, ...]"
