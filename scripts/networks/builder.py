"""A few words to write a network down in: each adds a node and gives the name of its output."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.model_files import check_model
from tests.nodes import Attribute, make_node


@dataclass
class Network:
    """A graph under construction, NCHW. With a seed its weights are random numbers, without one a fill of equal values
    that a file need not hold (ConstantOfShape)."""

    name: str
    seed: int | None = None
    opset: int = 17
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    initializers: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list[onnx.ValueInfoProto])
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list[onnx.ValueInfoProto])

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def input(self, name: str, *shape: int) -> str:
        """A float input of the graph."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str) -> None:
        """An output of the graph; its shape is inferred."""
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Attribute) -> str:
        """Any node with one output, which has the node's name."""
        self.nodes.append(make_node(op, list(inputs), [name], name, **attributes))
        return name

    def split(self, x: str, name: str, sizes: Sequence[int], axis: int) -> tuple[str, ...]:
        """The parts of a tensor along an axis, NAME.0 and so on."""
        parts = tuple(f"{name}.{index}" for index in range(len(sizes)))
        self.nodes.append(helper.make_node("Split", [x, self.shape(*sizes)], parts, name=name, axis=axis))
        return parts

    def reshape(self, x: str, name: str, *shape: int) -> str:
        """A tensor under another shape."""
        return self.node("Reshape", [x, self.shape(*shape)], name)

    def constant(self, name: str, value: np.ndarray) -> str:
        """A small constant, stored."""
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def scalar(self, value: float) -> str:
        """A number, stored once however often it is used."""
        return self._once(f"number.{value:g}", np.asarray(value, np.float32))

    def shape(self, *sizes: int) -> str:
        """A list of sizes, stored once however often it is used."""
        return self._once(f"shape.{'x'.join(map(str, sizes))}", np.asarray(sizes, np.int64))

    def _once(self, name: str, value: np.ndarray) -> str:
        known = any(tensor.name == name for tensor in self.initializers)
        return name if known else self.constant(name, value)

    def weight(self, name: str, *shape: int) -> str:
        """A weight tensor: seeded random values scaled by fan-in, or a fill.

        A vector's fill is as small as its length makes it: over larger equal values ONNX Runtime before 1.28 computes
        negative variances, whose root is no number.
        """
        if self.seed is None:
            fill = numpy_helper.from_array(np.asarray([1.0 / max(1, int(np.prod(shape[1:] or shape)))], np.float32))
            return self.node("ConstantOfShape", [self.shape(*shape)], name, value=fill)
        scale = 1.0 / np.sqrt(max(1, int(np.prod(shape[1:]))))
        return self.constant(name, (self._rng.standard_normal(shape) * scale).astype(np.float32))

    def model(self) -> onnx.ModelProto:
        """The finished model, checked, with the shapes of its inputs and outputs (a reader infers those between)."""
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets), producer_name="onnx2zz"
        )
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        del model.graph.value_info[:]
        check_model(model)
        return model
