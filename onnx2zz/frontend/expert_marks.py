"""What is known of tensors that come of a choice of experts: their numbers, and masks of the tokens that each gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from onnx2zz.frontend.graph import Node, Tensor


@dataclass(frozen=True, slots=True)
class Router:
    """The node that chooses experts, and among how many."""

    output: str
    label: str
    op: str
    experts: int


@dataclass(frozen=True, slots=True)
class Choices:
    """A tensor whose every element is the number of a chosen expert."""

    router: Router


@dataclass(frozen=True, slots=True)
class Mask:
    """A tensor that is zero except where a token goes to an expert, or sums of such.

    `total`: how many places these are over all experts. `axis`: the one that the experts lie along. Without it the mask
    is that of `expert`, or of all together (None).
    """

    router: Router
    total: int
    axis: int | None = None
    expert: int | None = None
    inverted: bool = False


Mark = Choices | Mask


@dataclass(frozen=True)
class Known:
    """What a rule may ask of a node's tensors: their types, and values that do not depend on the run."""

    node: Node
    tensors: Mapping[str, Tensor]
    value: Callable[[str], np.ndarray | None]

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape of an input; that of a scalar where it is left out or open."""
        name = self.node.input(index)
        return (self.tensors[name].shape or ()) if name else ()

    def result(self, index: int = 0) -> tuple[int, ...] | None:
        """The shape of an output, None where it is open."""
        name = self.node.outputs[index] if index < len(self.node.outputs) else ""
        return self.tensors[name].shape if name else None

    def integers(self, index: int, attribute: str) -> list[int] | None:
        """What is an input, and was an attribute in older opsets; None where only a run knows it."""
        name = self.node.input(index)
        if not name:
            return self.node.integers(attribute)
        value = self.value(name)
        return None if value is None else [int(v) for v in np.ravel(value)]
