"""A graph while it is drawn: nodes are tried, and kept where ONNX's own inference gives them outputs worth having."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper
from onnx.shape_inference import InferenceError, infer_node_outputs

from tests.composed.flat import FLOAT, IR_VERSION, OPSET, Flat, Kind, kind_of
from tests.nodes import Attribute, make_node

MOST_ELEMENTS = 1200
MOST_AXES = 5
LATE = 0.7
"""How often one of the last few tensors is taken: chains are long, and early tensors have several readers."""
RECENT = 3


class NotDrawnError(Exception):
    """The dice gave something that is no node, or none worth having."""


class Draft:
    """Tensors and nodes so far. `rng` decides everything."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: dict[str, np.ndarray] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.kinds: dict[str, Kind] = {}
        self.made: list[str] = []
        self.sparse_names: set[str] = set()

    # dice

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def integer(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return int(self.rng.integers(low, high, endpoint=True))

    def one_of(self, choices: Sequence[Any]) -> Any:
        if not choices:
            raise NotDrawnError("nothing to choose from")
        return choices[self.integer(0, len(choices) - 1)]

    def some(self, count: int, at_least: int = 1) -> list[int]:
        """Some of `count` numbers, in order."""
        taken = self.rng.permutation(count)[: self.integer(min(at_least, count), count)]
        return sorted(map(int, taken))

    # tensors

    def shape(self, name: str) -> tuple[int, ...]:
        return self.kinds[name].fixed

    def pick(self, least: int = 0, most: int = MOST_AXES, element: int = FLOAT) -> str:
        """A tensor with so many axes."""
        fit = [n for n in self.made if self.kinds[n].element == element and self.kinds[n].known]
        fit = [n for n in fit if least <= len(self.shape(n)) <= most]
        return str(self.one_of(fit[-RECENT:] if self.chance(LATE) else fit))

    def input(self, shape: Sequence[int]) -> str:
        name = f"in{len(self.inputs)}"
        self.inputs[name] = self._values(shape, 1.0)
        self.kinds[name] = kind_of(self.inputs[name])
        self.made.append(name)
        return name

    def weight(self, shape: Sequence[int], fan_in: int = 1) -> str:
        """A constant, no two elements alike, small enough to keep sums of `fan_in` products in range."""
        return self.constant(self._values(shape, 1.0 / np.sqrt(max(1, fan_in))))

    def sparse(self, shape: Sequence[int]) -> str:
        """A weight of which the file keeps only what is not zero."""
        value = self._values(shape, 0.5)
        name = self.constant(np.where(self.rng.random(tuple(shape)) < 0.5, value, np.float32(0)))
        self.sparse_names.add(name)
        return name

    def positive(self, shape: Sequence[int]) -> str:
        return self.constant(np.abs(self._values(shape, 1.0)) + np.float32(0.5))

    def integers(self, values: Any) -> str:
        return self.constant(np.asarray(values, np.int64))

    def constant(self, value: np.ndarray | np.generic) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value = np.asarray(value)
        self.kinds[name] = kind_of(value)
        return name

    def _values(self, shape: Sequence[int], scale: float) -> np.ndarray:
        return np.asarray(self.rng.normal(0.0, scale, tuple(shape))).astype(np.float32)

    # nodes

    def add(
        self,
        op: str,
        inputs: Sequence[str],
        outputs: int = 1,
        domain: str = "",
        made: Sequence[Kind] = (),
        **attributes: Attribute,
    ) -> list[str]:
        """Appends a node, and gives its outputs. `made`: their kinds, for an operator that ONNX does not know.

        Raises NotDrawnError where ONNX or taste refuses it.
        """
        number = len(self.nodes)
        names = [f"t{number}"] if outputs == 1 else [f"t{number}_{i}" for i in range(outputs)]
        node = make_node(op, list(inputs), names, f"n{number}_{op}", domain=domain, **attributes)
        kinds = dict(zip(names, made, strict=True)) if made else self._inferred(node)
        for name in names:
            _worth_having(kinds[name])
        self.nodes.append(node)
        self.kinds |= {name: kinds[name] for name in names}
        self.made += names
        return names

    def add_one(self, op: str, *inputs: str, **attributes: Attribute) -> str:
        return self.add(op, inputs, 1, "", (), **attributes)[0]

    def _inferred(self, node: onnx.NodeProto) -> dict[str, Kind]:
        schema = onnx.defs.get_schema(node.op_type, OPSET, node.domain)
        types = {name: self.kinds[name].proto for name in node.input if name}
        data = {n: onnx.numpy_helper.from_array(self.constants[n], n) for n in node.input if n in self.constants}
        imports = [helper.make_opsetid("", OPSET)]
        try:
            found = infer_node_outputs(schema, node, types, data, opset_imports=imports, ir_version=IR_VERSION)
        except (InferenceError, ValueError, RuntimeError, onnx.checker.ValidationError) as error:
            raise NotDrawnError(str(error)) from error
        return {name: _kind(proto) for name, proto in found.items()}

    def finished(self, outputs: Sequence[str]) -> Flat:
        kept = reaching(self.nodes, outputs)
        read = {name for node in kept for name in node.input} | set(outputs)
        return Flat(
            tuple(kept),
            {name: value for name, value in self.inputs.items() if name in read},
            {name: value for name, value in self.constants.items() if name in read},
            tuple(outputs),
            dict(self.kinds),
            frozenset(self.sparse_names),
        )


def reaching(nodes: Sequence[onnx.NodeProto], outputs: Sequence[str]) -> list[onnx.NodeProto]:
    """The nodes that some output depends on."""
    wanted = set(outputs)
    kept: list[onnx.NodeProto] = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]


def _kind(proto: onnx.TypeProto) -> Kind:
    tensor = proto.tensor_type
    if not tensor.HasField("shape"):
        raise NotDrawnError("no shape is inferred")
    extents = (d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim)
    return Kind(tensor.elem_type, tuple(extents))


def _worth_having(kind: Kind) -> None:
    """No two axes alike (they hide that they were swapped), neither empty nor large."""
    if not kind.known:
        return
    shape = kind.fixed
    long = [extent for extent in shape if extent > 1]
    if len(long) != len(set(long)) or len(shape) > MOST_AXES or not 0 < np.prod(shape) <= MOST_ELEMENTS:
        raise NotDrawnError(f"shape {shape}")
