"""QEmbedLayerNormalization: EmbedLayerNormalization of quantised tables, scale and bias.

Source: ONNX Runtime's ContribOperators page (QEmbedLayerNormalization).
"""

from dataclasses import replace

from onnx2zz.frontend.graph import Graph, Node
from onnx2zz.ir.access import Step
from onnx2zz.ir.layer import Layer
from onnx2zz.ops.elementwise import spread
from onnx2zz.ops.embed_layer_norm import first_rows, mask_sums, rows, running_sum
from onnx2zz.ops.layer_norm import FULL, normalised
from onnx2zz.ops.quantisation import dequantised, dequantised_reads, scalar
from onnx2zz.ops.registry import lowers

TABLES = (2, 3, 4, 5, 6)  # words, positions, segments, gamma, beta
TO_SCALE, TO_ZERO_POINT = 6, 11


@lowers("com.microsoft.QEmbedLayerNormalization", how=f"a copy of the rows of each table, sums, then {FULL}")
def qembed_layer_norm(node: Node, graph: Graph) -> tuple[Layer, ...]:
    """Ids (B, S) into tables (rows, H) of words, positions and segments, each with its scale and zero point."""
    out = node.outputs[0]
    shape, total, words, segments = graph.shape(out), f"{out}/sum", f"{out}/words", f"{out}/segments"
    copies = [rows(node, graph, words, 2, 0)]
    terms = [spread(words, shape, shape), first_rows(node, graph)]
    if node.input(1) and node.input(4):
        copies.append(rows(node, graph, segments, 4, 1))
        terms.append(spread(segments, shape, shape))
    statistics = f"{out}/mean", f"{out}/inverse"
    work = [
        *running_sum(total, shape, terms),
        *normalised(node, graph, total, (node.input(5), node.input(6)), statistics),
    ]
    steps = {node.inputs[index]: _as_floats(node, graph, index) for index in TABLES if node.input(index)}
    steps |= {copy.output.tensor: steps[copy.inputs[0].tensor] for copy in copies}
    stored = [replace(copy, output_bits=8) for copy in copies]
    return (*stored, *(dequantised_reads(layer, steps) for layer in work), *mask_sums(node, graph))


def _as_floats(node: Node, graph: Graph, index: int) -> tuple[Step, ...]:
    zero_point = node.input(index + TO_ZERO_POINT)
    scale = scalar(graph, node.inputs[index + TO_SCALE])
    return dequantised(scale, scalar(graph, zero_point) if zero_point else None)
