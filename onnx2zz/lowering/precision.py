"""Bits of each operand: quantised tensors keep their own width, float tensors take the user's.

int8 is ZigZag's habit for float models (W 8, I 8, O 16, O_final 8; parser/onnx/onnx_operator_parser.py).
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from onnx import TensorProto

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import Widths
from onnx2zz.lowering.few_values import FewValues, joined, made_by, told_bits
from onnx2zz.lowering.options import Precision
from onnx2zz.ops.registry import operators


def _of_types(bits: Mapping[str, int]) -> dict[int, int]:
    """ONNX element type to bits, for the types that the installed onnx knows."""
    known = dict(TensorProto.DataType.items())
    return {known[name]: size for name, size in bits.items() if name in known}


FLOAT8 = {"FLOAT8E4M3FN": 8, "FLOAT8E4M3FNUZ": 8, "FLOAT8E5M2": 8, "FLOAT8E5M2FNUZ": 8}
INTEGERS = {"INT2": 2, "UINT2": 2, "INT4": 4, "UINT4": 4, "INT8": 8, "UINT8": 8, "INT16": 16, "UINT16": 16, "INT32": 32}
QUANTISED_BITS = _of_types(INTEGERS | FLOAT8 | {"FLOAT4E2M1": 4})
FLOAT_BITS = _of_types({"FLOAT16": 16, "BFLOAT16": 16, "FLOAT": 32, "DOUBLE": 64})
NATIVE_BITS = QUANTISED_BITS | FLOAT_BITS | _of_types({"UINT32": 32, "INT64": 64, "UINT64": 64, "BOOL": 8})
LOW = 8  # bits; what takes fewer is a choice of the model, not of a type's
NARROW = 16  # bits; wider integers are counts and positions
DEQUANTISED_BY_HAND = frozenset({"Cast", "CastLike", "Sub", "Mul", "Add", "Div"})
DEQUANTISE = ("DequantizeLinear", "com.microsoft.DequantizeLinear")


@dataclass
class StoredBits:
    """The width of every tensor as it is stored, 0 where the file leaves the choice to the user.

    What only moves, renames or dequantises a tensor reads it as it is stored, whatever type ONNX gives the result.
    `of` grows by the tensors between the layers of one node while these are placed. `notes`: what was rounded.
    """

    of: dict[str, int]
    notes: tuple[str, ...] = ()

    @staticmethod
    def in_graph(graph: Graph, views: Container[Node], native: bool) -> "StoredBits":
        """The widths of a graph's tensors; `native` takes those of float types, too."""
        table = NATIVE_BITS if native else QUANTISED_BITS
        bits = {name: table.get(tensor.type, 0) for name, tensor in graph.tensors.items()}
        few = {name: FewValues(known) for name, known in graph.annotated_bits.items()}
        few |= {name: FewValues(own) for name, own in bits.items() if 0 < own < LOW and name not in few}
        bits |= {name: known.bits for name, known in few.items()}
        notes: list[str] = []
        # In execution order one pass is enough: what a node reads has its width by then, through any chain of views.
        for node in graph.nodes:
            if _reads_as_stored(node, graph, views):
                bits |= {o: _carried(node, o, bits) for o in node.outputs if o}
                few |= {o: known for o in node.outputs if o and (known := _carried_values(node, o, few))}
                continue
            if node.op in DEQUANTISED_BY_HAND and graph.constants.issuperset(node.outputs):
                bits[node.outputs[0]] = _of_stored_integers(node, graph, bits)
            _note_few_values(node, graph, bits, few, notes)
        _note_operands(graph, bits)
        return StoredBits(bits, tuple(notes))

    def note(self, layer: Layer, node: Node, native: bool) -> None:
        """A layer of a node is about to be placed: where its output lies between the node's layers, its width."""
        name = layer.output.tensor
        if name not in node.makes or layer.output_bits:
            self.of[name] = layer.output_bits or (self.of.get(node.outputs[0], 0) if native else 0)


def _note_few_values(
    node: Node, graph: Graph, bits: dict[str, int], few: dict[str, FewValues], notes: list[str]
) -> None:
    """Takes in what is known of the values that a node makes."""
    output = next(filter(None, node.outputs), "")
    known = few.get(output) or (
        # `made_by` speaks of the first output: where that is left out, the first that has a name is another
        # thing (a mask).
        made_by(node, graph, few) if output and output == node.outputs[0] and node.op != CALL else None
    )
    if known is None:
        return
    few[output] = known
    bits[output] = min(bits[output] or known.bits, known.bits) if known.bits < LOW else known.bits
    told = told_bits(node, graph)
    if told is not None and told != known.bits and output not in graph.annotated_bits:
        notes.append(f"node {node.label} ({node.op}): its elements of {told:g} bits take {known.bits}")


def _note_operands(graph: Graph, bits: dict[str, int]) -> None:
    """Takes in the widths that operators give what they read."""
    for node in graph.nodes:
        own = facts_of(node.op).operand_bits
        bits |= {name: own for name in node.inputs[:2] if own}


def _reads_as_stored(node: Node, graph: Graph, views: Container[Node]) -> bool:
    operator = operators().get(node.op)
    first, made = node.input(0), next(filter(None, node.outputs), "")
    if operator is None or operator.host or not first or not made:
        return False
    if operator.kind == "movement":
        return graph.tensors[first].type == graph.tensors[made].type
    return operator.kind is None or node in views or node.op in DEQUANTISE


def _of_stored_integers(node: Node, graph: Graph, bits: Mapping[str, int]) -> int:
    """The width of a constant that is made from narrow integers, if it is: they are what lies in memory."""
    own, size = bits[node.outputs[0]], graph.tensors[node.outputs[0]].elements
    whole = [bits[name] for name in node.inputs if name and graph.tensors[name].elements == size]
    narrow = [width for width in whole if 0 < width <= NARROW]
    return narrow[0] if len(whole) == 1 and narrow else own


def _carried(node: Node, output: str, bits: Mapping[str, int]) -> int:
    if node.op == CALL:
        return bits[node.inputs[node.outputs.index(output)]]
    if node.op != "Concat":
        return bits[node.inputs[0]]
    every = [bits[name] for name in node.inputs]
    return max(every) if all(every) else bits[output]


def _carried_values(node: Node, output: str, few: Mapping[str, FewValues]) -> FewValues | None:
    if node.op == CALL:
        return few.get(node.inputs[node.outputs.index(output)])
    return few.get(node.inputs[0]) if node.op != "Concat" else joined([few.get(name) for name in node.inputs])


def widths_of(layer: Layer, graph: Graph, stored: StoredBits, precision: Precision, final: str = "") -> Widths:
    """The widths of a layer; `final` is the last tensor of the chain that rides on it, "" if none does."""
    inputs = [access.packed or _input_bits(access.tensor, graph, stored, precision) for access in layer.inputs]
    out = stored.of.get(final or layer.output.tensor) or precision.O_final
    partial = _partial_bits(layer, graph, precision)
    return Widths(W=inputs[1] if len(inputs) > 1 else 0, I=inputs[0], O=max(partial, out), O_final=out)


def _input_bits(name: str, graph: Graph, stored: StoredBits, precision: Precision) -> int:
    if stored.of.get(name):
        return stored.of[name]
    if name in graph.static:
        return precision.W
    return precision.I if name in graph.inputs else precision.O_final


def _partial_bits(layer: Layer, graph: Graph, precision: Precision) -> int:
    if not precision.native:
        return precision.O
    types = [graph.tensors[access.tensor].type for access in layer.inputs if access.tensor in graph.tensors]
    return max((max(32, NATIVE_BITS.get(t, 32)) if t not in FLOAT_BITS else FLOAT_BITS[t] for t in types), default=32)
