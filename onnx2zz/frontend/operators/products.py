"""Matrix products: output shapes where onnx has none, and their multiply-accumulates.

Source: ONNX operator pages; ONNX Runtime's ContribOperators page.
"""

import numpy as np
import onnx

from onnx2zz.frontend.graph import Graph, Node, Tensor
from onnx2zz.frontend.operators.draws import Draws, Place
from onnx2zz.frontend.operators.facts import (
    Count,
    OperatorFacts,
    Outputs,
    Tensors,
    microsoft,
    shape_of,
    shaped,
    type_of,
)
from onnx2zz.frontend.operators.qonnx_domains import in_each_domain


def _batched(node: Node, inputs: Tensors) -> Outputs:
    """A' * B', batches broadcast; a 1-D operand has no row or no column."""
    a, b = inputs[0], inputs[1]
    if a is None or a.shape is None or b is None or b.shape is None:
        return (None,)
    left, right = (_operand(node, side, shape) for side, shape in (("A", a.shape), ("B", b.shape)))
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    return (Tensor((*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ())), a.type),)


def _operand(node: Node, side: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) < 2:
        return shape
    if node.integer(f"transBatch{side}", 0):
        shape = (*shape[1:-1], shape[0], shape[-1])
    return (*shape[:-2], shape[-1], shape[-2]) if node.integer(f"trans{side}", 0) else shape


def _gemm(node: Node, inputs: Tensors) -> Outputs:
    a, b = inputs[0], inputs[1]
    if a is None or a.shape is None or b is None or b.shape is None:
        return (None,)
    rows, columns = a.shape[node.integer("transA", 0)], b.shape[1 - node.integer("transB", 0)]
    return (Tensor((rows, columns), a.type),)


def _qgemm(node: Node, tensors: Tensors) -> Outputs:
    a, b = shape_of(tensors, 0), shape_of(tensors, 3)
    if a is None or b is None:
        return (None,)
    shape = (a[1] if node.integer("transA", 0) else a[0], b[0] if node.integer("transB", 0) else b[1])
    return (shaped(shape, type_of(tensors, 0) if node.input(7) else onnx.TensorProto.FLOAT),)


def _integer_matmul(node: Node, tensors: Tensors) -> Outputs:
    a, b = shape_of(tensors, 0), shape_of(tensors, 1)
    if a is None or b is None:
        return (None,)
    return (shaped((*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]), onnx.TensorProto.FLOAT),)


def _matmul_nbits(node: Node, tensors: Tensors) -> Outputs:
    a = shape_of(tensors, 0)
    return (shaped((*a[:-1], node.integer("N")) if a is not None else None, type_of(tensors, 0)),)


def _matmul_bnb4(node: Node, tensors: Tensors) -> Outputs:
    a, columns = shape_of(tensors, 0), node.integer("N" if node.integer("transB", 1) else "K")
    return (shaped((*a[:-1], columns) if a is not None else None, type_of(tensors, 0)),)


def _product(left: int, trans: str = "") -> Count:
    """Each output element sums over the last axis of the left operand, the last but one if it is transposed."""

    def count(node: Node, graph: Graph) -> int:
        shape = graph.shape(node.inputs[left])
        depth = shape[-2] if trans and node.integer(trans, 0) else shape[-1]
        return graph.tensors[node.outputs[0]].elements * depth

    return count


def _depth(place: Place, graph: Graph) -> int:
    """What a product sums over, by its second operand."""
    shape = graph.shape(place.node.inputs[1])
    transposed = place.node.integer("transB", 0)
    return shape[-1 if transposed or len(shape) < 2 else -2]


def _zeros_and_ones(place: Place, graph: Graph, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 2, shape)


FACTS: tuple[OperatorFacts, ...] = (
    OperatorFacts("Gemm", macs=_product(0, "transA"), draws=Draws(fan_in={1: _depth})),
    OperatorFacts("MatMul", macs=_product(0), draws=Draws(fan_in={1: _depth})),
    OperatorFacts("MatMulInteger", macs=_product(0)),
    OperatorFacts("QLinearMatMul", macs=_product(0)),
    OperatorFacts("Einsum", multiplies=True),
    microsoft("FusedGemm", _gemm, macs=_product(0, "transA")),
    microsoft("FusedMatMul", _batched, macs=_product(0, "transA"), draws=Draws(fan_in={1: _depth})),
    microsoft("TransposeMatMul", _batched, macs=_product(0, "transA")),
    microsoft("GemmFastGelu", _batched, macs=_product(0)),
    microsoft("QGemm", _qgemm, macs=_product(0, "transA")),
    microsoft("MatMulIntegerToFloat", _integer_matmul, macs=_product(0)),
    microsoft("DynamicQuantizeMatMul", _integer_matmul, macs=_product(0)),
    microsoft("MatMulBnb4", _matmul_bnb4, macs=_product(0)),
    microsoft("MatMulNBits", _matmul_nbits, macs=_product(0)),
    *(
        OperatorFacts(name, _batched, macs=_product(0), operand_bits=1, draws=Draws(reals=_zeros_and_ones))
        for name in in_each_domain("XnorPopcountMatMul")
    ),
)
