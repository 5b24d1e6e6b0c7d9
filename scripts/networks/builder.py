"""A few words to write a network down in: each adds a node and gives the name of its output."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass
class Network:
    """A graph under construction, NCHW. With a seed its weights are random numbers, without one a fill of equal values
    that a file need not hold (ConstantOfShape)."""

    name: str
    seed: int | None = None
    opset: int = 17
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def input(self, name: str, *shape: int) -> str:
        """A float input of the graph."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str) -> None:
        """An output of the graph; its shape is inferred."""
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Any node with one output, which has the node's name."""
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        """A small constant, stored."""
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, name: str, *shape: int) -> str:
        """A weight tensor: seeded random values scaled by fan-in, or a fill."""
        if self.seed is None:
            size = self.constant(f"{name}.shape", np.asarray(shape, np.int64))
            fill = numpy_helper.from_array(np.asarray([1.0 / max(1, int(np.prod(shape[1:])))], np.float32))
            return self.node("ConstantOfShape", [size], name, value=fill)
        scale = 1.0 / np.sqrt(max(1, int(np.prod(shape[1:]))))
        return self.constant(name, (self._rng.standard_normal(shape) * scale).astype(np.float32))

    def model(self) -> onnx.ModelProto:
        """The finished model, checked and with shapes inferred."""
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        model.producer_name = "onnx2zz"
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(model)
        return model
