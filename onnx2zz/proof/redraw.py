"""Fresh operands for one node, where those of the run prove nothing (zeros after a ReLU, an overflow)."""

from collections.abc import Collection

import numpy as np

from onnx2zz.conservation.groups import Group
from onnx2zz.proof.node_run import run_node
from onnx2zz.proof.values import Values


def redrawn(group: Group, values: Values, size: float = 1.0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Fresh values for the tensors that a node's layers read, real ones times `size`, and the node's outputs on them.

    Layers may read a tensor in front of a view (before an Expand): the nodes between it and this one are run again.
    Raises CannotRunError where onnxruntime refuses.
    """
    node = group.node
    fresh = {name: values.fresh(name, node) for name in group.reads}
    # What picks must stay in range; drawn like any other integer it would end the run.
    fresh |= {name: values.index(name, picked) for name, picked in group.picking.items() if name in fresh}
    fresh = {name: _scaled(value, size) for name, value in fresh.items()}
    resolved = dict(fresh)
    for name in filter(None, node.inputs):
        _resolve(name, resolved, values)
    outputs = run_node(node, resolved, [n for n in node.inputs if n in values.graph.constants])
    return fresh, outputs


def _scaled(value: np.ndarray, size: float) -> np.ndarray:
    """A real tensor times `size`, an array still if it has no axes."""
    return np.asarray(value * value.dtype.type(size)) if value.dtype.kind == "f" else value


def _resolve(name: str, resolved: dict[str, np.ndarray], values: Values) -> None:
    """Makes a tensor from those that were drawn, or takes the run's if it does not depend on them."""
    if name in resolved:
        return
    maker = values.graph.maker.get(name)
    # What does not depend on the fresh operands keeps its true value, and nothing behind it has to run again.
    if maker is None or not _depends(name, resolved, values):
        resolved[name] = values.of(name)
        return
    for read in filter(None, maker.inputs):
        _resolve(read, resolved, values)
    resolved |= run_node(maker, resolved) | resolved  # what was drawn stays, though the same call makes it


def _depends(name: str, resolved: Collection[str], values: Values) -> bool:
    pending, seen = [name], {name}
    while pending:
        maker = values.graph.maker.get(pending.pop())
        # What is static cannot depend on anything that was drawn.
        for read in maker.inputs if maker and not (set(maker.outputs) & values.graph.static) else ():
            if read in resolved:
                return True
            if read and read not in seen:
                seen.add(read)
                pending.append(read)
    return False
