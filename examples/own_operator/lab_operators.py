# pyright: strict
"""`my.lab.DenseSwish` for onnx2zz: y = swish(x w), one Gemm layer on which the activation rides.

pyproject.toml beside this file names the module as an entry point; once installed, `onnx2zz compile` knows it.
"""

from collections.abc import Mapping

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.frontend.operators.facts import OperatorFacts, Outputs, Tensors, shape_of, shaped, type_of
from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.bias import with_steps
from onnx2zz.ops.matmul import batched_product
from onnx2zz.ops.registry import lowers


@lowers("my.lab.DenseSwish", how="one Gemm layer; the swish rides")
def dense_swish(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """x (..., rows, inner), w (inner, columns)."""
    product = batched_product(graph, node.input(0), node.input(1), node.outputs[0])
    return (with_steps(product, Step(functions.SWISH, parameters=(1.0,))),)


def _shapes(node: Node, tensors: Tensors) -> Outputs:
    x, w = shape_of(tensors, 0), shape_of(tensors, 1)
    return (shaped((*x[:-1], w[-1]) if x is not None and w is not None else None, type_of(tensors, 0)),)


def _macs(node: Node, graph: Graph) -> int:
    return graph.tensors[node.outputs[0]].elements * graph.shape(node.input(0))[-1]


FACTS = (OperatorFacts("my.lab.DenseSwish", _shapes, macs=_macs),)
"""The shape of the result, and the multiply-accumulates, counted from the operator's page and not from the loops."""


def _computed(node: Node, operands: Mapping[str, np.ndarray]) -> np.ndarray:
    product = operands[node.input(0)] @ operands[node.input(1)]
    return product / (1 + np.exp(-product))


KERNELS = {"my.lab.DenseSwish": _computed}
"""What `verify` holds the layers against, where onnxruntime has no such operator."""
