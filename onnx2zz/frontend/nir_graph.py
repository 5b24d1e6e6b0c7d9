"""A graph of NIR (the Neuromorphic Intermediate Representation, package nir) as an ONNX model of one time step.

States (membrane potentials, synaptic currents) are inputs and outputs of the model: a step reads and writes them. What
is fed back is what was there a step before. Source: nir 1.0, nir/ir; a graph as its `to_dict` gives it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.files.document import is_array, is_object, is_tuple
from onnx2zz.frontend.datatypes import ANNOTATION
from onnx2zz.frontend.neurons import NEURONS, SPIKING, STATEFUL

OPSET = 17
INSIDE = "Identity"
"""What the Input and the Output of a graph inside another one are."""
Node = Mapping[str, object]
Edge = tuple[str, str]


def step_model(name: str, graph: Node) -> onnx.ModelProto:
    """The model of one step. Raises InputError with every node that is not known, and for cycles without a neuron."""
    nodes, edges = _flat(graph)
    known = sorted({*WRITERS, *NEURONS} - {INSIDE})
    raise_if_any(
        Problem(f"node {label}", f"is a {node['type']} of NIR, which is not known", f"there are: {', '.join(known)}")
        for label, node in nodes.items()
        if node["type"] not in WRITERS and node["type"] not in NEURONS
    )
    order, delayed = _in_order(nodes, edges)
    step = _StepOfGraph()
    for label in order:
        # Edges of NIR have no order and no ports: what feeds a node is summed.
        sources = [source for source, target in edges if target == label]
        read = [_before(step, one, nodes[one]) if (one, label) in delayed else step.made[one] for one in sources]
        step.add(label, nodes[label], read)
    # Last, since the value to be kept for the next step is made only by then.
    for source in dict.fromkeys(source for source, _ in delayed):
        step.keep(f"{source}/last", step.made[source])
    return step.model(name)


def _flat(graph: Node, prefix: str = "") -> tuple[dict[str, Node], list[Edge]]:
    """Nodes and edges, those of graphs inside included, which are joined through their one input and output."""
    found: dict[str, Node] = {}
    edges: list[Edge] = []
    ends: dict[str, Edge] = {}
    for label, node in _objects(graph["nodes"]).items():
        name = f"{prefix}{label}"
        if node["type"] != "NIRGraph":
            # Of a graph inside, Input and Output are no inputs and outputs of the model: data goes through.
            found[name] = {**node, "type": INSIDE} if prefix and node["type"] in ("Input", "Output") else node
            continue
        inner = {f"{name}/{own}": str(one["type"]) for own, one in _objects(node["nodes"]).items()}
        first, last = ([own for own, kind in inner.items() if kind == end] for end in ("Input", "Output"))
        if len(first) != 1 or len(last) != 1:
            raise InputError(Problem(f"graph {name}", "has not one input and one output", "give it one of each"))
        ends[name] = first[0], last[0]
        within, more = _flat(node, f"{name}/")
        found |= within
        edges += more
    for edge in graph["edges"] if is_array(graph["edges"]) else []:
        source, target = (f"{prefix}{_text(end)}" for end in _listed(edge))
        edges.append((ends[source][1] if source in ends else source, ends[target][0] if target in ends else target))
    return found, list(dict.fromkeys(edges))


def _in_order(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> tuple[list[str], frozenset[Edge]]:
    """Each node behind those that feed it, and the edges that feed back: out of neurons, where nothing is ready."""
    feeding = {label: {source for source, target in edges if target == label} for label in nodes}
    order: list[str] = []
    delayed: set[Edge] = set()
    while feeding:
        ready = [label for label, sources in feeding.items() if not sources]
        # Whatever is left feeds itself. One step reads what a neuron gave the step before, and of other nodes there
        # is no such state.
        if not ready:
            label = next((one for one, sources in feeding.items() if _neurons_only(sources, nodes)), None)
            if label is None:
                what = f"{', '.join(feeding)} feed each other, and no neuron is between them"
                raise InputError(Problem("graph", what, "feed back what a neuron gives"))
            delayed |= {(source, label) for source in feeding[label]}
            ready = [label]
        for label in ready:
            order.append(label)
            del feeding[label]
        for sources in feeding.values():
            sources.difference_update(ready)
    return order, frozenset(delayed)


def _neurons_only(sources: set[str], nodes: Mapping[str, Node]) -> bool:
    return all(nodes[source]["type"] in STATEFUL for source in sources)


def _before(step: "_StepOfGraph", label: str, node: Node) -> str:
    """What a neuron gave a step before; spikes are bits."""
    if node["type"] in SPIKING:
        step.bits.add(f"{label}/last")
    return step.state(f"{label}/last", _array(node["v_threshold"] if "v_threshold" in node else node["r"]).shape)


@dataclass
class _StepOfGraph:
    """The model so far. `made`: the tensor of each node's output; `bits`: states of one bit. Tensors have a first axis
    of one sample."""

    made: dict[str, str] = field(default_factory=dict[str, str])
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    inputs: dict[str, onnx.ValueInfoProto] = field(default_factory=dict[str, onnx.ValueInfoProto])
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list[onnx.ValueInfoProto])
    constants: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])
    bits: set[str] = field(default_factory=set[str])

    def add(self, label: str, node: Node, read: Sequence[str]) -> None:
        """A node of NIR; what several nodes feed it is added up."""
        kind = str(node["type"])
        if kind == "Input":
            self.made[label] = self.state(label, _sizes(_first(node, "shape", "input_type", "output_type")))
            return
        if not read:
            raise InputError(Problem(f"node {label}", "is fed by no node", "add an edge to it"))
        x = read[0] if len(read) == 1 else self.op("Sum", [*read], f"{label}/sum")
        if kind in NEURONS:
            parameters = {key: _array(value) for key, value in node.items() if key not in ("type", "metadata")}
            self.made[label] = NEURONS[kind](self, label, x, {k: v for k, v in parameters.items() if v.dtype != object})
        else:
            self.made[label] = WRITERS[kind](self, label, x, node)

    def op(self, kind: str, inputs: list[str], name: str) -> str:
        made = self.onnx_node(kind, inputs, name)
        if kind == "Cast":
            self.nodes[-1].attribute.append(helper.make_attribute("to", int(TensorProto.FLOAT)))
        return made

    def onnx_node(self, kind: str, inputs: Sequence[str], name: str, **attributes: "int | str | list[int]") -> str:
        """A node that makes tensor `name`."""
        node = helper.make_node(kind, [*inputs], [name], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        return self.stored(name, np.asarray(value, np.float32)[np.newaxis])

    def stored(self, name: str, value: np.ndarray) -> str:
        """A constant as it is."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def state(self, name: str, shape: tuple[int, ...]) -> str:
        self.inputs[name] = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shape])
        return name

    def keep(self, name: str, after: str) -> None:
        self.result(self.op("Identity", [after], f"{name}_next"))

    def result(self, name: str) -> None:
        """A tensor is an output of the model."""
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

    def model(self, name: str) -> onnx.ModelProto:
        """All of it."""
        graph = helper.make_graph(self.nodes, name, [*self.inputs.values()], self.outputs, self.constants)
        for state in sorted(self.bits):
            noted = graph.quantization_annotation.add(tensor_name=state)
            noted.quant_parameter_tensor_names.add(key=ANNOTATION, value="BINARY")
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def _output(step: _StepOfGraph, label: str, x: str, node: Node) -> str:
    name = step.op("Identity", [x], label)
    step.result(name)
    return name


def _linear(step: _StepOfGraph, label: str, x: str, node: Node) -> str:
    weight = _array(node["weight"])
    if weight.ndim != 2:
        what = f"has weights of {weight.ndim} axes"
        raise InputError(Problem(f"node {label}", what, "give it a matrix"))
    inputs = [x, step.stored(f"{label}/weight", weight.astype(np.float32))]
    if "bias" in node:
        inputs.append(step.stored(f"{label}/bias", _array(node["bias"]).astype(np.float32)))
    return step.onnx_node("Gemm", inputs, label, transB=1)


def _scale(step: _StepOfGraph, label: str, x: str, node: Node) -> str:
    return step.op("Mul", [x, step.constant(f"{label}/scale", _array(node["scale"]))], label)


def _conv(step: _StepOfGraph, label: str, x: str, node: Node) -> str:
    weight = _array(node["weight"])
    axes = weight.ndim - 2
    bias = step.stored(f"{label}/bias", _array(node["bias"]).astype(np.float32))
    padding = node["padding"]
    given: dict[str, int | str | list[int]] = {
        "group": _sizes(node["groups"])[0],
        "strides": _per_axis(node["stride"], axes),
        "dilations": _per_axis(node["dilation"], axes),
    }
    if isinstance(padding, str):
        given["auto_pad"] = {"same": "SAME_UPPER"}.get(padding, "VALID")
    else:
        given["pads"] = [*_per_axis(padding, axes)] * 2
    stored = step.stored(f"{label}/weight", weight.astype(np.float32))
    return step.onnx_node("Conv", [x, stored, bias], label, **given)


def _pool(step: _StepOfGraph, label: str, x: str, node: Node) -> str:
    """Means over whole windows, padding included; sums are so many times as much."""
    window, strides, pads = (_per_axis(node[key], 2) for key in ("kernel_size", "stride", "padding"))
    sums = node["type"] == "SumPool2d"
    mean = step.onnx_node("AveragePool", [x], f"{label}/mean" if sums else label, kernel_shape=window, strides=strides,
                       pads=[*pads, *pads], count_include_pad=1)  # fmt: skip
    if not sums:
        return mean
    return step.op("Mul", [mean, step.constant(f"{label}/elements", np.full((1, 1, 1), prod(window)))], label)


def _flatten(step: _StepOfGraph, label: str, x: str, node: Node) -> str:
    shape = _sizes(_first(node, "input_type", "shape"))
    first, last = (_sizes(node[key])[0] % len(shape) for key in ("start_dim", "end_dim"))
    flat = [1, *shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]]
    return step.op("Reshape", [x, step.stored(f"{label}/shape", np.array(flat, np.int64))], label)


WRITERS: Mapping[str, Callable[[_StepOfGraph, str, str, Node], str]] = {
    "Input": _output,  # never asked: an input has no input
    "Output": _output,
    INSIDE: lambda step, label, x, node: step.op("Identity", [x], label),
    "Linear": _linear,
    "Affine": _linear,
    "Scale": _scale,
    "Conv1d": _conv,
    "Conv2d": _conv,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
    "Flatten": _flatten,
}
"""How a node without a state is written."""


def _objects(value: object) -> dict[str, Node]:
    return {str(key): one for key, one in value.items() if is_object(one)} if is_object(value) else {}


def _first(node: Node, *keys: str) -> object:
    """What stands under the first key that is there; of a mapping of ports, its one port's."""
    value = next((node[key] for key in keys if node.get(key) is not None), None)
    return next(iter(value.values()), None) if is_object(value) else value


def _array(value: object) -> np.ndarray:
    return np.asarray(value)


def _sizes(value: object) -> tuple[int, ...]:
    return tuple(int(size) for size in np.atleast_1d(_array(value)))


def _per_axis(value: object, axes: int) -> list[int]:
    sizes = _sizes(value)
    return [*sizes] * axes if len(sizes) == 1 else [*sizes]


def _listed(value: object) -> list[object]:
    return [*value] if is_array(value) or is_tuple(value) else []


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
