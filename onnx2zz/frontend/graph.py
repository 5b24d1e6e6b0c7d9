"""The graph as the lowering sees it: static shapes, nothing left to infer, constants known as such."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import onnx

from onnx2zz.frontend.recurrence import Recurrence
from onnx2zz.frontend.values import KnownValues
from onnx2zz.ir.experts import ExpertTokens

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
    caller's first output, "" in the main graph. A CALL node keeps the calling operator in `calls`. `recurrence`: what a
    Loop or Scan repeats, where its steps stand in the graph as one node.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    protos: Mapping[str, onnx.AttributeProto]
    version: int
    body_of: str = ""
    calls: str = ""
    recurrence: Recurrence | None = None

    @property
    def label(self) -> str:
        """What a user recognises the node by: its name, else its first output."""
        return self.name or next((o for o in self.outputs if o), "")

    def integer(self, name: str, default: int | None = None) -> int:
        """An attribute that is one integer. Raises TypeError where it is none, or is left out and has no default."""
        proto = self.protos.get(name)
        if proto is not None and proto.type == onnx.AttributeProto.INT:
            return proto.i
        return _given(name, proto, default)

    def number(self, name: str, default: float | None = None) -> float:
        """An attribute that is one number, an integer in some operators. Raises TypeError as `integer` does."""
        proto = self.protos.get(name)
        if proto is not None and proto.type in (onnx.AttributeProto.FLOAT, onnx.AttributeProto.INT):
            return proto.f if proto.type == onnx.AttributeProto.FLOAT else proto.i
        return _given(name, proto, default)

    def text(self, name: str, default: str | None = None) -> str:
        """An attribute that is a word. Raises TypeError as `integer` does."""
        proto = self.protos.get(name)
        if proto is not None and proto.type == onnx.AttributeProto.STRING:
            return proto.s.decode("utf-8", "replace")
        return _given(name, proto, default)

    def integers(self, name: str, default: Sequence[int] = ()) -> list[int]:
        """An attribute that is a list of integers. Raises TypeError where it is none."""
        proto = self.protos.get(name)
        if proto is not None and proto.type == onnx.AttributeProto.INTS:
            return list(proto.ints)
        return list(_given(name, proto, default))

    def numbers(self, name: str) -> list[float]:
        """An attribute that is a list of numbers, empty if left out. Raises TypeError where it is none."""
        proto = self.protos.get(name)
        if proto is not None and proto.type == onnx.AttributeProto.FLOATS:
            return list(proto.floats)
        return list(_given(name, proto, ()))

    def texts(self, name: str) -> list[str]:
        """An attribute that is a list of words, empty if left out. Raises TypeError where it is none."""
        proto = self.protos.get(name)
        if proto is not None and proto.type == onnx.AttributeProto.STRINGS:
            return [word.decode("utf-8", "replace") for word in proto.strings]
        return list(_given(name, proto, ()))

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


Value = TypeVar("Value")


def _given(name: str, proto: onnx.AttributeProto | None, default: Value | None) -> Value:
    """The default of an attribute that is left out. Raises TypeError, as arithmetic on a wrong attribute would."""
    if proto is not None:
        raise TypeError(f"its attribute {name} is of another type")
    if default is None:
        raise TypeError(f"it lacks its attribute {name}")
    return default


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
    `notes`: what the user should know of the file, and what is no fault, a sentence each. `annotated_bits`: the widths
    that the file gives tensors beside their types. `stand_ins`: the tensors of nodes that are taken as another
    operator, with their own. `experts`: the tokens of each expert, where that is what shapes hang on.
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
    notes: tuple[str, ...] = ()
    annotated_bits: Mapping[str, int] = field(default_factory=dict[str, int])
    stand_ins: Mapping[str, str] = field(default_factory=dict[str, str])
    experts: tuple[ExpertTokens, ...] = ()

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
