"""A traced graph, run node by node as loop nests, against onnxruntime: what inlining and unrolling must not change."""

from collections.abc import Mapping

import numpy as np
import onnx

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.graph import CALL, Graph
from onnx2zz.frontend.trace import trace
from onnx2zz.ops.registry import operators
from tests.oracle import onnxruntime_run, run_layers

Arrays = Mapping[str, np.ndarray]


def check_model(model: onnx.ModelProto, inputs: Arrays) -> Graph:
    """Every output of the model, from the traced graph and from onnxruntime."""
    expected = onnxruntime_run(model, inputs)
    graph = trace(model, Bindings())
    values = run_graph(graph, inputs, model)
    for name, value in expected.items():
        assert graph.shape(name) == value.shape, name
        np.testing.assert_allclose(
            values[name].reshape(value.shape), value.astype(np.float64), 1e-4, 1e-5, err_msg=name
        )
    return graph


def run_graph(graph: Graph, inputs: Arrays, model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """All tensors of a graph; what is known without a run is taken as known."""
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer} | dict(inputs)
    values |= {name: value for name in graph.static if (value := graph.value(name)) is not None}
    for node in graph.nodes:
        if node.op == CALL:
            values |= {o: values[i] for i, o in zip(node.inputs, node.outputs, strict=False) if o and i in values}
        elif set(node.outputs) <= graph.static:
            continue
        elif operators()[node.op].kind is None:
            values[node.outputs[0]] = values[node.inputs[0]].reshape(graph.shape(node.outputs[0]))
        else:
            values = run_layers(operators()[node.op].lower(node, graph), values)
    return values
