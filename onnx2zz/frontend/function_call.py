"""A node that is to be a function of others: what its form hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx2zz.frontend.graph import Node

Shapes = Sequence[tuple[int, ...] | None]


@dataclass(frozen=True)
class Call:
    """A node that is to be a function. `shapes`: of its inputs, None where one is left out or not known."""

    node: Node
    shapes: Shapes

    def given(self, index: int) -> bool:
        """Whether the input is there."""
        return bool(self.node.input(index))

    def shape(self, index: int) -> tuple[int, ...]:
        """The shape of an input. Raises LookupError where nobody knows it: no function can be written then."""
        shape = self.shapes[index] if index < len(self.shapes) else None
        if shape is None:
            raise LookupError(f"the shape of input {index} is not known")
        return shape

    def has_default(self, **attributes: float | str) -> bool:
        """Whether attributes have these values, or are left out."""
        return all(
            self.node.text(name, value) == value if isinstance(value, str) else self.node.number(name, value) == value
            for name, value in attributes.items()
        )
