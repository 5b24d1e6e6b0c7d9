"""Inputs without whose value a node has no loop nest: the step of a window, the format of numbers."""

import numpy as np
from numpy.typing import NDArray

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.graph import Graph, Node


def known_value(node: Node, graph: Graph, index: int, of: str) -> NDArray[np.generic]:
    """The value of an input; `of`: what hangs on it. Raises InputError where only a run knows it."""
    name = node.input(index)
    value = graph.value(name)
    if value is None or not value.size:
        what = f"its {of} depends on {name or f'input {index}'}, whose value only a run knows"
        given = f", or add --value {name}=X" if name in graph.inputs else ""
        raise InputError(Problem(f"node {node.label} ({node.op})", what, f"make it a constant{given}"))
    return value
