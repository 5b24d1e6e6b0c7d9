"""The nodes of a function that we write ourselves, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


@dataclass
class FunctionBody:
    """The nodes so far. Names that begin with an input's or an output's are those of its parts."""

    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])

    def add(self, op: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        """A node of one result, which is called `output`."""
        self.nodes.append(helper.make_node(op, [*inputs], [output], domain=domain, **attributes))
        return output

    def parts(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Any
    ) -> None:
        """A node of several results; those without a name are left out."""
        self.nodes.append(helper.make_node(op, [*inputs], [*outputs], domain=domain, **attributes))

    def constant(self, name: str, values: np.ndarray) -> str:
        """A constant of the function."""
        self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(values, name)))
        return name

    def sizes(self, name: str, *values: int) -> str:
        """A vector of sizes, or of axes."""
        return self.constant(name, np.array(values, np.int64))

    def number(self, name: str, value: float, like: str) -> str:
        """A number of the element type of another tensor."""
        single = self.constant(f"{name}_float", np.array(value, np.float32))
        return self.add("CastLike", [single, like], name)
