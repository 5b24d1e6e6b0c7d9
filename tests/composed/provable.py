"""Whether some values of its operands would show what a node computes; x - x is 0 whatever x is."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper

from tests.composed.flat import FLOAT, HIDDEN, Flat, flat_model
from tests.composed.labels import moves
from tests.oracle import onnxruntime_run

DRAWS = 20
ENOUGH = 8
"""Distinct values that docs/verify.md asks for, or as many as there are elements."""


def provable(node: onnx.NodeProto, flat: Flat) -> bool:
    """Whether any of some draws gives results that are finite and distinct enough; so it is told, where numpy cannot
    hold them."""
    if any(flat.kinds[name].element in HIDDEN for name in (*node.input, *node.output) if name):
        return True
    part = _with_views(node, flat)
    rng = np.random.default_rng(0)
    return any(_tells(result) for _ in range(DRAWS) for result in _drawn(part, flat, rng, node.output))


def _with_views(node: onnx.NodeProto, flat: Flat) -> tuple[onnx.NodeProto, ...]:
    """The node, and what only moves elements in front of it: rows that repeat do so whatever they are."""
    wanted, found = set(node.input), [node]
    for other in reversed(flat.nodes[: flat.nodes.index(node)]):
        if wanted & set(other.output) and moves(other, flat):
            found.insert(0, other)
            wanted |= set(other.input)
    return tuple(found)


def _tells(result: np.ndarray) -> bool:
    wanted = 2 if result.dtype == bool else ENOUGH
    return bool(np.isfinite(result).all()) and len(np.unique(result)) >= min(wanted, result.size)


def _drawn(
    part: tuple[onnx.NodeProto, ...], flat: Flat, rng: np.random.Generator, outputs: Sequence[str]
) -> list[np.ndarray]:
    made = {name for node in part for name in node.output}
    names = list(dict.fromkeys(name for node in part for name in node.input if name and name not in made))
    inputs = {name: _values(flat, name, rng) for name in names if name not in flat.constants}
    constants = {name: _values(flat, name, rng) for name in names if name in flat.constants}
    alone = Flat(part, inputs, constants, tuple(outputs), flat.kinds)
    return list(onnxruntime_run(flat_model(alone), inputs).values())


def _values(flat: Flat, name: str, rng: np.random.Generator) -> np.ndarray:
    kind = flat.kinds[name]
    if kind.element != FLOAT:
        dtype = helper.tensor_dtype_to_np_dtype(kind.element)
        return flat.constants[name] if name in flat.constants else rng.integers(0, 2, kind.fixed).astype(dtype)
    return flat.constants[name] if name in flat.constants else np.asarray(rng.normal(0, 1, kind.fixed), np.float32)
