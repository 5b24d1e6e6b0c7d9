"""AffineGrid: the corners of a grid moved by a matrix, as sums of one term for each axis.

Source: ONNX operator page AffineGrid.
"""

from collections.abc import Iterator

import numpy as np

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir import functions
from onnx2zz.ir.access import Access, Step, Table
from onnx2zz.ir.axis import along, fixed
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.loops import in_order, output_loops
from onnx2zz.ops.registry import lowers
from onnx2zz.ops.tabulated import within_reason


@lowers("AffineGrid", how="for each axis an element-wise layer for its term, and one for each sum of terms")
def affine_grid(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """theta (N, axes, axes + 1) -> (N, spatial..., axes): theta times (x, y, (z), 1)."""
    theta, out = node.inputs[0], node.outputs[0]
    n, *spatial, rank = graph.shape(out)
    sizes = {"B": n, "K": rank} | dict(zip(output_loops(rank), spatial, strict=True))
    columns = [Access(theta, (along("B", n), along("K", rank), fixed(rank + 1, at=i))) for i in range(rank + 1)]
    aligned = bool(node.integer("align_corners", 0))
    terms = [
        _term(column, loop, sizes, aligned, f"{out}/{i}")
        for i, (column, loop) in enumerate(zip(columns, reversed(output_loops(rank)), strict=False))
    ]
    return (*terms, *_sums([*(term.output for term in terms), columns[-1]], sizes, out))


def _term(column: Access, loop: str, sizes: dict[str, int], aligned: bool, name: str) -> Layer:
    """A column of theta times the coordinates of an axis, which run from -1 to 1."""
    size = sizes[loop]
    within_reason(size, of="coordinates")
    ends = np.linspace(-1, 1, size) if aligned else (2 * np.arange(size) + 1) / size - 1
    coordinates = Table(loop, tuple(float(c) for c in ends))
    return _elementwise(name, ("B", loop, "K"), sizes, (column,), Step(functions.MUL, coordinates))


def _sums(operands: list[Access], sizes: dict[str, int], out: str) -> Iterator[Layer]:
    """The operands added up from left to right, each sum over the axes that its terms have."""
    total = operands[0]
    for i, operand in enumerate(operands[1:], 1):
        last = operand is operands[-1]
        spatial = tuple(loop for loop in sizes if loop in total.loops | operand.loops and loop not in "BK")
        layer = _elementwise(
            out if last else f"{out}/sum{i}", ("B", *spatial, "K"), sizes, (total, operand), Step(functions.ADD)
        )
        total = layer.output
        yield layer


def _elementwise(
    out: str, loops: tuple[str, ...], sizes: dict[str, int], inputs: tuple[Access, ...], combine: Step
) -> Layer:
    axes = tuple(along(loop, sizes[loop]) for loop in loops)
    return Layer("Add", in_order((loop, sizes[loop]) for loop in loops), Access(out, axes), inputs, combine)
