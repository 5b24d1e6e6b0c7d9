"""Values that are known before any run: small constants, shapes and what is computed from them alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import onnx

if TYPE_CHECKING:
    from onnx.reference import ReferenceEvaluator

UNDECODABLE = (ValueError, TypeError, KeyError)
"""What onnx raises on a tensor whose data is not that of its shape, or whose element type there is not."""
LARGEST = 1 << 16  # elements; shape arithmetic is far below, and weights are never read to compile


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a tensor is computed: one node, its inputs under their global names, and which output it is."""

    proto: onnx.NodeProto
    inputs: tuple[str, ...]
    index: int
    opsets: Mapping[str, int]


class KnownValues:
    """Tensor name to value, computed on demand with onnx's reference evaluator and kept.

    A tensor without value (it depends on data, lies in a missing file, or is larger than LARGEST) gives None.
    """

    def __init__(self) -> None:
        self._values: dict[str, np.ndarray | None] = {}
        self._protos: dict[str, onnx.TensorProto] = {}
        self._recipes: dict[str, Recipe] = {}

    def hold(self, name: str, value: np.ndarray) -> None:
        """Note a value."""
        self._values[name] = value

    def hold_proto(self, name: str, proto: onnx.TensorProto) -> None:
        """Note a tensor of the file; it is decoded only if somebody asks."""
        self._protos[name] = proto

    def hold_recipe(self, name: str, recipe: Recipe) -> None:
        """Note how a tensor is computed; it is computed only if somebody asks."""
        self._recipes[name] = recipe

    def stored(self, name: str) -> onnx.TensorProto | None:
        """The tensor as the file holds it, however large, its data perhaps elsewhere; None if it is no such tensor."""
        return self._protos.get(name)

    def get(self, name: str) -> np.ndarray | None:
        """The value of a tensor, or None if only a run can tell it."""
        pending = [name]
        while pending:
            missing = self._missing(pending[-1])
            if missing:
                pending.extend(missing)
                continue
            self._settle(pending.pop())
        return self._values[name]

    def as_proto(self, name: str) -> onnx.TensorProto | None:
        """The value as it stands in the file, else as a file would hold it."""
        if name in self._protos:
            return self._protos[name] if held(self._protos[name]) else None
        value = self.get(name)
        return None if value is None else onnx.numpy_helper.from_array(value)

    def _missing(self, name: str) -> list[str]:
        recipe = self._recipes.get(name)
        if name in self._values or recipe is None:
            return []
        return [i for i in recipe.inputs if i and i not in self._values]

    def _settle(self, name: str) -> None:
        if name in self._values:
            return
        if name in self._protos:
            self._values[name] = decode(self._protos[name])
        elif name in self._recipes:
            self._values[name] = self._compute(self._recipes[name])
        else:
            self._values[name] = None

    def _compute(self, recipe: Recipe) -> np.ndarray | None:
        values = [self._values[i] if i else None for i in recipe.inputs]
        if any(v is None for v, i in zip(values, recipe.inputs, strict=True) if i):
            return None
        try:
            outputs = evaluate(recipe.proto, values, recipe.opsets)
        except Exception:  # the reference evaluator raises whatever numpy raises: the value stays unknown
            return None
        value = np.asarray(outputs[recipe.index]) if recipe.index < len(outputs) else None
        return value if value is not None and value.size <= LARGEST else None


def held(proto: onnx.TensorProto) -> bool:
    """Whether a tensor is small and its data in the file."""
    return math.prod(proto.dims) <= LARGEST and proto.data_location != onnx.TensorProto.EXTERNAL


def decode(proto: onnx.TensorProto) -> np.ndarray | None:
    """The value of a small tensor whose data is in the file, else None."""
    if not held(proto):
        return None
    try:
        return onnx.numpy_helper.to_array(proto)
    except UNDECODABLE:
        return None


def evaluate(proto: onnx.NodeProto, values: Sequence[np.ndarray | None], opsets: Mapping[str, int]) -> list[np.ndarray]:
    """Runs one node on known inputs (None for one that is left out); raises what the evaluator raises."""
    types = tuple(
        onnx.helper.np_dtype_to_tensor_dtype(value.dtype) if name and value is not None else None
        for name, value in zip(proto.input, values, strict=True)
    )
    given = tuple(bool(name) for name in proto.output)
    attributes = tuple(attribute.SerializeToString(deterministic=True) for attribute in proto.attribute)
    evaluator = _evaluator(proto.domain, proto.op_type, attributes, types, given, frozenset(opsets.items()))
    known = {f"in{index}": value for index, value in enumerate(values) if types[index] is not None}
    results = iter(evaluator.run(None, known))  # type: ignore[arg-type]
    return [np.asarray(next(results)) if there else np.empty(0) for there in given]


@lru_cache(maxsize=512)
def _evaluator(
    domain: str,
    op: str,
    attributes: tuple[bytes, ...],
    types: tuple[int | None, ...],
    outputs: tuple[bool, ...],
    opsets: frozenset[tuple[str, int]],
) -> "ReferenceEvaluator":
    """An evaluator of one node, whatever its tensors are called: building one takes far longer than running it.

    Input n is `in<n>`, of the given element type (None: left out); `outputs` tells which are wanted.
    """
    from onnx.reference import ReferenceEvaluator  # the schema of every operator: for a graph that computes a shape

    inputs = ["" if element is None else f"in{index}" for index, element in enumerate(types)]
    node = onnx.helper.make_node(
        op, inputs, [f"out{index}" if there else "" for index, there in enumerate(outputs)], domain=domain
    )
    node.attribute.extend(onnx.AttributeProto.FromString(attribute) for attribute in attributes)
    # Types without shapes: the evaluator looks at neither, but a graph's input must have a type, and shapes would
    # make each call another evaluator.
    infos = [
        onnx.helper.make_tensor_value_info(name, element, None)
        for name, element in zip(inputs, types, strict=True)
        if element is not None
    ]
    results = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name]
    graph = onnx.helper.make_graph([node], "one_node", infos, results)
    imports = [onnx.helper.make_opsetid(*opset) for opset in sorted(opsets)]
    return ReferenceEvaluator(onnx.helper.make_model(graph, opset_imports=imports))
