"""The same attention with its mask written out, where onnxruntime forgets it.

Of one query after a past, onnxruntime 1.32's Attention takes every new key for visible, whatever is_causal says; ONNX's
reference and the operator page hide those behind the query's own place. With the mask as an input both agree.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from onnx2zz.frontend.graph import Node

MASK, PAST_KEY, KEY, QUERY = 3, 4, 1, 0
POSITIONS_IN_3D = 1  # (batch, positions, heads * channels); else (batch, heads, positions, channels)


def with_mask(node: Node, operands: Mapping[str, np.ndarray]) -> tuple[Node, Mapping[str, np.ndarray]]:
    """The node and its operands with a causal mask among them, if onnxruntime would leave it out; else as they are."""
    if node.op != "Attention" or not node.integer("is_causal", 0) or not node.input(PAST_KEY) or node.input(MASK):
        return node, operands
    queries, new = (_positions(operands[node.inputs[i]]) for i in (QUERY, KEY))
    past = operands[node.input(PAST_KEY)].shape[2]
    if queries > 1 or new == 1:
        return node, operands
    # Of several queries onnxruntime hides what it should, and with one new key there is nothing to hide: only these
    # cases differ, so that everywhere else the operator runs as the model has it.
    # The one query stands behind the past, so that of the new keys only the first is not ahead of it.
    visible = np.arange(int(past) + new) <= past
    mask = np.where(visible, 0.0, -np.inf)[None].astype(operands[node.inputs[QUERY]].dtype)
    name = f"{node.outputs[0]}/causal"
    inputs = tuple(name if index == MASK else old for index, old in enumerate(node.inputs))
    protos = {key: proto for key, proto in node.protos.items() if key != "is_causal"}
    return replace(node, inputs=inputs, protos=protos), {**operands, name: mask}


def _positions(tensor: np.ndarray) -> int:
    return tensor.shape[POSITIONS_IN_3D if tensor.ndim == 3 else 2]
