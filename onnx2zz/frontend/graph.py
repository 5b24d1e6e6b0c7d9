"""The graph as the lowering sees it: static shapes, nothing left to infer, constants known as such."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx

from onnx2zz.frontend.values import KnownValues

# Stands at the end of an inlined body: its first inputs are the body's results, its outputs the caller's; a sequence is
# made of all its inputs.
CALL = "onnx2zz.Call"
ITERATION = re.compile(r"#\d+(?=/|$)")


def marked(caller: str, iteration: int) -> str:
    """What one iteration of a loop goes by: its tensors must differ from the others'."""
    return f"{caller}#{iteration}"


def unmarked(name: str) -> str:
    """A tensor of a loop's body as it is reported, whichever iteration made it."""
    return ITERATION.sub("", name)


@dataclass(frozen=True, eq=False)
class Node:
    """One ONNX node. `op` carries its domain unless that is ONNX's own (`com.microsoft.QGemm`).

    Inside an inlined body tensor names are prefixed with the caller's first output and a slash. `body_of` names that
    caller's first output, "" in the main graph. A CALL node keeps the calling operator in `calls`.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    protos: Mapping[str, onnx.AttributeProto]
    version: int
    body_of: str = ""
    calls: str = ""

    @property
    def label(self) -> str:
        """What a user recognises the node by: its name, else its first output."""
        return self.name or next((o for o in self.outputs if o), "")

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value in Python's types (strings decoded), or the default."""
        proto = self.protos.get(name)
        if proto is None:
            return default
        if proto.type == onnx.AttributeProto.INTS:  # by far the most; onnx's own helper tries eight types first
            return list(proto.ints)
        value = onnx.helper.get_attribute_value(proto)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, (int, float, str)) or not hasattr(value, "__iter__"):
            return value
        return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value]

    @cached_property
    def makes(self) -> frozenset[str]:
        """The outputs, for membership tests: a Split may have thousands."""
        return frozenset(self.outputs)

    @property
    def data_inputs(self) -> tuple[str, ...]:
        """The inputs whose elements are read; of CastLike's second it is only the type."""
        return self.inputs[:1] if self.op == "CastLike" else self.inputs

    def input(self, index: int) -> str:
        """The name of an input, "" where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Shape (None where data decides it) and ONNX element type of a tensor."""

    shape: tuple[int, ...] | None
    type: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape or ())


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in execution order, with what is known of every tensor.

    `constants`: tensors that weights alone decide. `static`: those, bound values and shape arithmetic.
    `shaped_by_data`: tensors whose shape, or whose maker's, depends on values that only a run can tell.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: Mapping[str, Tensor]
    constants: frozenset[str]
    static: frozenset[str]
    shaped_by_data: frozenset[str]
    values: KnownValues

    def shape(self, name: str) -> tuple[int, ...]:
        """The static shape of a tensor; a tensor whose shape data decides has none and must not be asked for."""
        shape = self.tensors[name].shape
        assert shape is not None, f"{name} has no static shape"
        return shape

    def value(self, name: str) -> np.ndarray | None:
        """The value of a small tensor that is known before any run, else None."""
        return self.values.get(name) if name else None

    def is_read(self, name: str) -> bool:
        """Whether anybody reads a tensor, whoever takes the graph's outputs included."""
        return bool(name) and (name in self.readers or name in self.results)

    @cached_property
    def maker(self) -> dict[str, Node]:
        """The node that makes each tensor."""
        return {output: node for node in self.nodes for output in node.outputs if output}

    @cached_property
    def position(self) -> dict[Node, int]:
        """Each node's place in the execution order."""
        return {node: index for index, node in enumerate(self.nodes)}

    @cached_property
    def results(self) -> frozenset[str]:
        """The graph's outputs, for membership tests."""
        return frozenset(self.outputs)

    @cached_property
    def readers(self) -> dict[str, tuple[Node, ...]]:
        """The nodes that read each tensor, in execution order, each once."""
        readers: dict[str, dict[Node, None]] = {}
        for node in self.nodes:
            for name in node.inputs:
                readers.setdefault(name, {})[node] = None
        return {name: tuple(nodes) for name, nodes in readers.items()}
