"""What became of a case: is every node accounted for, are its MACs right, and do its layers give ONNX's own outputs?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.registry import operators
from onnx2zz.proof.verify import VerifyOptions, verify
from scripts.correctness.corpus.cases import Case, only_arrays

PRODUCTS = ("Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul")
POINTS = 200  # output elements at which a large layer is run
NUMBERS = "fiub"  # numpy's kinds
ON_TIES = 1.0  # steps that a quantised result may differ by
ALIGNED = "onnxruntime and we divide by the number of elements less one, ONNX's definition by scale * size less one"
DEVIATIONS = {
    "test_resize_downsample_scales_linear_align_corners, constants": ALIGNED,
    "test_resize_downsample_scales_cubic_align_corners, constants": ALIGNED,
}


@dataclass(frozen=True)
class Verdict:
    """`outcome`: proven (run, and equal to ONNX's outputs), compiled (nothing to run), or refused with a sentence.

    `problems` says what is wrong, whatever the outcome.
    """

    case: Case
    outcome: str
    statuses: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    refusal: str = ""


def judge(case: Case) -> Verdict:
    """Compiles a case and looks at all that can be known of it. Whatever is no InputError is a bug, and passes."""
    try:
        compiled = compile_model(case.model, _options(case), case.name)
    except InputError as error:
        return Verdict(case, "refused", refusal=str(error).splitlines()[0])
    statuses = tuple(dict.fromkeys(fate.status for fate in compiled.workload.nodes))
    problems = [*_lost(case, compiled), *_left_to_the_host(compiled), *_wrong_macs(case, compiled)]
    if _can_be_run(case, compiled):
        differing = () if case.label in DEVIATIONS else _wrong_values(case, compiled)
        return Verdict(case, "proven", statuses, (*problems, *differing))
    if len(compiled.graph.nodes) == 1:
        return Verdict(case, "compiled", statuses, tuple(problems))
    verified = verify(compiled, VerifyOptions(points=POINTS, inputs=_arrays(case)))
    problems += [f"{m.node}: {m.where}: {m.got} for {m.expected}" for m in verified.mismatches]
    every = verified.nodes_checked and not verified.not_checkable
    return Verdict(case, "proven" if every else "compiled", statuses, tuple(problems))


def _options(case: Case) -> CompileOptions:
    tensors = {i.name for i in case.model.graph.input if i.type.HasField("tensor_type")}
    return CompileOptions(Bindings(shapes={n: v.shape for n, v in case.arrays.items() if n in tensors}))


def _arrays(case: Case) -> dict[str, np.ndarray]:
    """The case's inputs as verify takes them: ordinary tensors."""
    given = {i.name for i in case.model.graph.input}
    return {n: v for n, v in case.arrays.items() if n in given and v.dtype.kind in NUMBERS}


def _lost(case: Case, compiled: Compiled) -> Iterator[str]:
    told = {output for fate in compiled.workload.nodes for output in fate.outputs}
    for node in case.model.graph.node:
        if any(node.output) and not told.issuperset(filter(None, node.output)):
            yield f"{node.op_type} is not accounted for"


def _left_to_the_host(compiled: Compiled) -> Iterator[str]:
    """Work on the host without a reason that the conventions allow."""
    table = operators()
    by_data = ("its output's shape depends on data", "the shape of what it reads depends on data")
    allowed = ("one element", *by_data, "text has no arithmetic")
    for fate in compiled.workload.nodes:
        known = table.get(fate.op)
        if fate.status == "host" and fate.why not in allowed and not (known and known.host):
            yield f"{fate.op} on the host: {fate.why}"


def _wrong_macs(case: Case, compiled: Compiled) -> Iterator[str]:
    """Products by arithmetic from the shapes of ONNX's outputs."""
    graph, by_output = compiled.graph, {f.outputs[0]: f for f in compiled.workload.nodes if f.outputs}
    for node in graph.nodes:
        fate = by_output.get(node.outputs[0]) if node.outputs else None
        if node.op not in PRODUCTS or fate is None or fate.status != "lowered":
            continue
        layers = [compiled.workload.layers[i].layer for i in fate.layers]
        got = sum(layer.macs if layer.macs_useful is None else layer.macs_useful for layer in layers)
        if got != macs(node, graph):
            yield f"{node.op} has {got} MACs, and should have {macs(node, graph)}"


def macs(node: Node, graph: Graph) -> int:
    """Multiply-accumulates of a product, from its shapes."""
    weights = node.inputs[3] if node.op.startswith("QLinear") else node.inputs[1]
    a, w, y = graph.shape(node.inputs[0]), graph.shape(weights), graph.shape(node.outputs[0])
    if node.op == "ConvTranspose":
        return math.prod(a) * math.prod(w[1:])
    if "Conv" in node.op:
        return math.prod(y) * math.prod(w[1:])
    return math.prod(y) * a[0 if node.op == "Gemm" and node.integer("transA", 0) else -1]


def _can_be_run(case: Case, compiled: Compiled) -> bool:
    """Whether the case is one node whose layers all claim to compute what it computes."""
    fates, layers = compiled.workload.nodes, compiled.workload.layers
    single = len(compiled.graph.nodes) == 1 and bool(fates) and fates[0].status == "lowered"
    values = _values(case)
    arrays = only_arrays(values)
    numeric = len(arrays) == len(values) and all(v.dtype.kind in NUMBERS for v in arrays.values())
    return single and bool(case.outputs) and numeric and all(placed.layer.kind == "exact" for placed in layers)


def _values(case: Case) -> dict[str, object]:
    """Of all that is stored, goes in or comes out."""
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in case.model.graph.initializer}
    return {**case.inputs, **stored, **case.outputs}


def _wrong_values(case: Case, compiled: Compiled) -> Iterator[str]:
    """Outputs of the loop nests that are not those of ONNX's definition."""
    (node,) = compiled.graph.nodes
    layers = operators()[node.op].lower(node, compiled.graph)
    operands = only_arrays({name: value for name, value in _values(case).items() if name not in case.outputs})
    got = run_layers(layers, operands)
    written = {layer.output.tensor for layer in layers}
    for name, wanted in only_arrays(case.outputs).items():
        if name in written and (problem := _difference(got[name], wanted, case, layers)):
            yield f"{name}: {problem}"


def _difference(got: np.ndarray, wanted: np.ndarray, case: Case, layers: tuple[Layer, ...]) -> str:
    got = got.reshape(wanted.shape)
    rounded = wanted.dtype.kind in "iu" and any(
        step.function == functions.ROUND for layer in layers for step in layer.after
    )
    coarse = {2: 2e-2}.get(wanted.dtype.itemsize, 0.0) if wanted.dtype.kind == "f" else 0.0
    rtol, atol = max(case.rtol, coarse), ON_TIES if rounded else max(case.atol, coarse)
    close = np.isclose(got, wanted.astype(np.float64), rtol, atol, equal_nan=True)
    if close.all():
        return ""
    first = tuple(np.argwhere(~close)[0]) if close.ndim else ()
    return f"{int((~close).sum())} of {close.size} elements differ, first {got[first]} for {wanted[first]}"
