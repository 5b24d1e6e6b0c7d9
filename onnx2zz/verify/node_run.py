"""Runs one node in onnxruntime on given operands: the oracle, one small model at a time.

A model of one node exposes every intermediate tensor, keeps no more of them in memory than are still read, and takes
bodies of functions and branches with them, whatever opset they were written for.
"""

from collections.abc import Collection, Mapping

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from onnx2zz.frontend.graph import CALL, Node
from onnx2zz.frontend.inference import outer_names
from onnx2zz.verify.exact_kernels import exact_kernel
from onnx2zz.verify.plain_attributes import plain_attributes
from onnx2zz.verify.unsigned import unsigned

Arrays = Mapping[str, np.ndarray]
IR_VERSION = 10
OLDEST_OPSET = 7  # what onnxruntime guarantees to run
LARGEST_INITIALIZER = 1 << 28  # bytes; a protobuf message ends at 2 GiB


class CannotRunError(Exception):
    """onnxruntime does not run the node on these operands; the message is its own, on one line."""


def run_node(node: Node, operands: Arrays, constants: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Every output of the node, by name. `operands` holds all that it reads; `constants` are baked into the model.

    Operands may have another element type than in the graph, as far as the operator takes it.

    A few nodes are computed here in exact arithmetic (exact_kernels). Raises CannotRunError where onnxruntime refuses.
    """
    if node.op == CALL:
        return {o: operands[i] for i, o in zip(node.inputs, node.outputs, strict=False) if o}
    if kernel := exact_kernel(node, operands):
        return {node.outputs[0]: kernel(node, operands)}
    node, operands = unsigned(plain_attributes(node, operands), operands)
    constants = {*constants, *(name for name, value in operands.items() if value.dtype.isbuiltin != NUMPYS_OWN)}
    try:
        return _run(*_model(node, operands, constants))
    except Exception as error:  # pybind raises a class for each status, all of them plain Exceptions
        raise CannotRunError(" ".join(str(error).split())) from error


def _run(model: onnx.ModelProto, feeds: Arrays) -> dict[str, np.ndarray]:
    session = _session(model)
    types = {output.name: _dtype(output.type) for output in session.get_outputs()}
    closed = {name: dtype for name, dtype in types.items() if dtype.isbuiltin != NUMPYS_OWN}
    if closed:
        session = _session(_with_casts(model, closed))
    results = session.run([f"{name}{AS_FLOAT}" if name in closed else name for name in types], dict(feeds))
    arrays = dict(zip(types, map(np.asarray, results), strict=True))
    return arrays | {name: arrays[name].astype(dtype) for name, dtype in closed.items()}


AS_FLOAT = "/as_float"
NUMPYS_OWN = 1  # dtype.isbuiltin of the types that onnxruntime takes and gives; bfloat16 and the like are not


def _with_casts(model: onnx.ModelProto, closed: Collection[str]) -> onnx.ModelProto:
    """The model with some outputs cast to float, which holds every bfloat16, every number of 8 bits and of 4."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for name in closed:
        copy.graph.node.append(helper.make_node("Cast", [name], [f"{name}{AS_FLOAT}"], to=onnx.TensorProto.FLOAT))
        copy.graph.output.append(helper.make_empty_tensor_value_info(f"{name}{AS_FLOAT}"))
    kept = [output for output in copy.graph.output if output.name not in closed]
    del copy.graph.output[:]
    copy.graph.output.extend(kept)
    return copy


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString(), _options(), ["CPUExecutionProvider"])


def _dtype(kind: str) -> np.dtype:
    """The type of an output as onnxruntime names it, tensor(bfloat16) say."""
    name = kind[len("tensor(") : -1].upper()
    known = dict(onnx.TensorProto.DataType.items())
    return helper.tensor_dtype_to_np_dtype(known[name]) if name in known else np.dtype(object)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.allow_released_opsets_only", "0")
    return options


def _model(node: Node, operands: Arrays, constants: Collection[str]) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    domain, _, op = node.op.rpartition(".")
    proto = helper.make_node(op, [], [*node.outputs], domain=domain)
    proto.attribute.extend(node.protos.values())
    captured = outer_names(proto.attribute)
    own = node.inputs[: len(node.inputs) - len(captured)]
    proto.input.extend(own)
    inner = dict(zip(captured, node.inputs[len(own) :], strict=True))
    named = {name: operands[name] for name in own if name} | {n: operands[name] for n, name in inner.items()}
    baked = {n for n in named if inner.get(n, n) in constants and named[n].nbytes <= LARGEST_INITIALIZER}
    inputs = [_info(n, value) for n, value in named.items() if n not in baked]
    initializers = [onnx.numpy_helper.from_array(named[n], n) for n in sorted(baked)]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.outputs if name]
    body = helper.make_graph([proto], "one_node", inputs, outputs, initializers)
    model = helper.make_model(body, opset_imports=_opsets(node, domain), ir_version=IR_VERSION)
    return model, {n: value for n, value in named.items() if n not in baked}


def _info(name: str, value: np.ndarray) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def _opsets(node: Node, domain: str) -> list[onnx.OperatorSetIdProto]:
    """An opset in which the operator is the one that the model means."""
    if domain:
        return [helper.make_opsetid("", 17), helper.make_opsetid(domain, node.version)]
    same = node.version < OLDEST_OPSET and onnx.defs.get_schema(node.op, OLDEST_OPSET).since_version == node.version
    version = OLDEST_OPSET if same else node.version
    return [helper.make_opsetid("", version), helper.make_opsetid("com.microsoft", 1)]
