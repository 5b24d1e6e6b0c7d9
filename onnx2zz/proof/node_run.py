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
from onnx2zz.frontend.inference import graphs_in, outer_names
from onnx2zz.proof.carried import CARRIERS, carried_in, carried_out, element_of, landed
from onnx2zz.proof.causal import with_mask
from onnx2zz.proof.exact_kernels import exact_kernel
from onnx2zz.proof.plain_attributes import plain_attributes
from onnx2zz.proof.unsigned import unsigned

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
    # The same node in words that onnxruntime's kernels follow exactly; each change says why in its file.
    node, operands = with_mask(*unsigned(plain_attributes(node, operands), operands))
    try:
        model, feeds = _model(node, operands, constants)
        feeds = carried_in(model.graph, feeds)
        session = _session(model)
        elements = {output.name: element_of(output.type) for output in session.get_outputs()}
        # Only the session knows the types of the outputs, so that a second one is made where they cannot be taken.
        if not CARRIERS.keys().isdisjoint(elements.values()):
            carried_out(model.graph, elements)
            session = _session(model)
        results = session.run([output.name for output in model.graph.output], feeds)
        return {name: landed(result, elements[name]) for name, result in zip(elements, results, strict=True)}
    except Exception as error:  # pybind raises a class for each status, all of them plain Exceptions
        raise CannotRunError(" ".join(str(error).split())) from error


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString(), _options(), ["CPUExecutionProvider"])


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # Optimised, one node may be folded or fused with a Cast, and round otherwise than the model's own.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # An arena keeps what it once took, and thousands of sessions follow each other here.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.allow_released_opsets_only", "0")
    return options


def _model(node: Node, operands: Arrays, constants: Collection[str]) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    domain, _, op = node.op.rpartition(".")
    proto = helper.make_node(op, [], _outputs(node), domain=domain)
    proto.attribute.extend(node.protos.values())
    # A body (of a Loop, an If) reads tensors of the outer graph by name. `Node` has them as further inputs, behind
    # those of the operator; here they must be inputs of the model under the names that the body uses.
    captured = outer_names(graphs_in(proto))
    own = node.inputs[: len(node.inputs) - len(captured)]
    proto.input.extend(own)
    # The body's name for a tensor and the graph's may differ, since inlining renames.
    inner = dict(zip(captured, node.inputs[len(own) :], strict=True))
    named = {name: operands[name] for name in own if name} | {n: operands[name] for n, name in inner.items()}
    # Constants stay constants where they can: some kernels take certain inputs (a Resize's sizes, a quantised weight)
    # only so. Beyond the limit the model could not be serialised.
    baked = {n for n in named if inner.get(n, n) in constants and named[n].nbytes <= LARGEST_INITIALIZER}
    inputs = [_info(n, value) for n, value in named.items() if n not in baked]
    initializers = [onnx.numpy_helper.from_array(named[n], n) for n in sorted(baked)]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.outputs if name]
    body = helper.make_graph([proto], "one_node", inputs, outputs, initializers)
    model = helper.make_model(body, opset_imports=_opsets(node, domain), ir_version=IR_VERSION)
    return model, {n: value for n, value in named.items() if n not in baked}


def _outputs(node: Node) -> list[str]:
    """The node's outputs; those that a Loop leaves out have names here, since onnxruntime ends without a word where one
    stands before others."""
    left_out = node.recurrence is not None
    return [name or f"left_out{number}" if left_out else name for number, name in enumerate(node.outputs)]


def _info(name: str, value: np.ndarray) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def _opsets(node: Node, domain: str) -> list[onnx.OperatorSetIdProto]:
    """An opset in which the operator is the one that the model means."""
    if node.recurrence is not None:  # its body has operators of the model's own versions
        return [helper.make_opsetid(name, version) for name, version in node.recurrence.opsets.items()]
    if domain:
        # Some opset of ONNX's own must be imported, although no operator of it stands in the model.
        return [helper.make_opsetid("", 17), helper.make_opsetid(domain, node.version)]
    # An operator that has not changed since is the same in the oldest opset that onnxruntime still promises to run.
    same = node.version < OLDEST_OPSET and onnx.defs.get_schema(node.op, OLDEST_OPSET).since_version == node.version
    version = OLDEST_OPSET if same else node.version
    return [helper.make_opsetid("", version), helper.make_opsetid("com.microsoft", 1)]
