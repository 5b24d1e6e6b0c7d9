"""onnxruntime as the oracle: one node's layers, run as loop nests, must give what onnxruntime gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.graph import Graph
from onnx2zz.frontend.trace import trace
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.registry import operators

Arrays = Mapping[str, np.ndarray]
IR_VERSION = 10


def model_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Arrays,
    constants: Arrays,
    outputs: Sequence[str],
    opset: int = 17,
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    """A model of some nodes whose inputs have the shapes and types of the given arrays."""
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in inputs.items()
    ]
    initializers = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = helper.make_graph(list(nodes), "test", infos, results, initializers)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    imports += [helper.make_opsetid(f.domain, 1) for f in functions if f.domain not in ("", "com.microsoft")]
    return helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, functions=list(functions))


def onnxruntime_run(model: onnx.ModelProto, inputs: Arrays) -> dict[str, np.ndarray]:
    """Every output of a model, by name."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def reference_run(model: onnx.ModelProto, inputs: Arrays) -> dict[str, np.ndarray]:
    """Every output of a model, by name, as ONNX's own evaluator has it."""
    evaluator: Any = ReferenceEvaluator(model)  # its types are those of any operator that may be
    return dict(zip([output.name for output in model.graph.output], evaluator.run(None, dict(inputs)), strict=True))


def check_node(
    node: onnx.NodeProto,
    inputs: Arrays,
    constants: Arrays | None = None,
    opset: int = 17,
    rtol: float = 1e-4,
    atol: float = 1e-4,
) -> tuple[Layer, ...]:
    """Runs the node's layers as loop nests and compares every output with onnxruntime; gives the layers."""
    constants = constants or {}
    outputs = [o for o in node.output if o]
    model = model_of([node], inputs, constants, outputs, opset)
    expected = onnxruntime_run(model, inputs)
    graph, layers = lowered(model)
    values = run_layers(layers, {**inputs, **constants})
    for name in outputs:
        assert graph.shape(name) == expected[name].shape
        np.testing.assert_allclose(
            values[name].reshape(expected[name].shape), expected[name].astype(np.float64), rtol, atol, err_msg=name
        )
    return layers


def lowered(model: onnx.ModelProto) -> tuple[Graph, tuple[Layer, ...]]:
    """A model's graph, and the layers of its last node."""
    graph = trace(model, Bindings())
    return graph, operators()[graph.nodes[-1].op].lower(graph.nodes[-1], graph)


def check_nodes(
    nodes: Sequence[onnx.NodeProto],
    inputs: Arrays,
    constants: Arrays,
    outputs: Sequence[str],
    opset: int = 17,
    rtol: float = 1e-4,
    atol: float = 1e-4,
) -> Graph:
    """Runs the layers of several nodes, each on what the nodes before it gave, and compares with onnxruntime."""
    model = model_of(nodes, inputs, constants, outputs, opset)
    expected = onnxruntime_run(model, inputs)
    graph = trace(model, Bindings())
    values = {**inputs, **constants}
    for node in graph.nodes:
        values = run_layers(operators()[node.op].lower(node, graph), values)
    for name in outputs:
        got = values[name].reshape(expected[name].shape)
        np.testing.assert_allclose(got, expected[name].astype(np.float64), rtol, atol, err_msg=name)
    return graph


def distinct(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Float32 values, no two alike: equal values would hide swapped axes."""
    size = int(np.prod(shape))
    return ((rng.permutation(size) + 1.0) / size - 0.5).astype(np.float32).reshape(shape)
