"""A traced graph, run node by node as loop nests, against onnxruntime: what inlining and unrolling must not change."""

from collections.abc import Mapping

import numpy as np
import onnx

from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.graph import CALL, Graph
from onnx2zz.frontend.trace import trace
from onnx2zz.lowering.lower import decide
from onnx2zz.lowering.options import LoweringOptions
from onnx2zz.ops.registry import operators
from tests.oracle import onnxruntime_run, run_layers

Arrays = Mapping[str, np.ndarray]


def check_model(model: onnx.ModelProto, inputs: Arrays) -> Graph:
    """Every output of the model, from the traced graph and from onnxruntime; with its loops as repeated bodies, and
    once more with each iteration by itself."""
    expected = onnxruntime_run(model, inputs)
    graph = trace(model, Bindings())
    repeated = frozenset(node.outputs[0] for node in graph.nodes if node.recurrence)
    for traced in (graph, trace(model, Bindings(), unrolled=repeated)) if repeated else (graph,):
        values = run_graph(traced, inputs, model)
        for name, value in expected.items():
            assert traced.shape(name) == value.shape, name
            np.testing.assert_allclose(
                values[name].reshape(value.shape), value.astype(np.float64), 1e-4, 1e-5, err_msg=name
            )
    return graph


def run_graph(graph: Graph, inputs: Arrays, model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """All tensors of a graph; what is known without a run is taken as known."""
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer} | dict(inputs)
    values |= {name: value for name in graph.static if (value := graph.value(name)) is not None}
    repeated = any(node.recurrence for node in graph.nodes)
    layers = decide(graph, LoweringOptions()).layers if repeated else {}
    for node in graph.nodes:
        if node.op == CALL:
            values |= {o: values[i] for i, o in zip(node.inputs, node.outputs, strict=False) if o and i in values}
        elif set(node.outputs) <= graph.static:
            continue
        elif node.recurrence:
            values = run_layers(layers[node], values)
        elif operators()[node.op].kind is None:
            values[node.outputs[0]] = values[node.inputs[0]].reshape(graph.shape(node.outputs[0]))
        else:
            values = run_layers(operators()[node.op].lower(node, graph), values)
    return values
