"""Shapes of tensors that no inference gives: what the user says (`--shape`), else what the file declares.

Behind an operator that nothing here knows, and where a run decides a shape, exporters often say what came out: in
value_info, or as outputs of the graph. A symbol there, alone or in an expression, is bound like one of an input.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.graph import Tensor
from onnx2zz.frontend.sizes import Shape
from onnx2zz.frontend.symbolic_size import size_of, symbols_in

Axes = tuple[int | str | None, ...]
"""Each axis as a size, a symbol or an expression in symbols, or None."""


@dataclass(frozen=True)
class ToldShapes:
    """`said`: by the user. `infos`: what the file declares; `dims`: the symbols that are bound."""

    said: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    infos: tuple[onnx.ValueInfoProto, ...] = ()
    dims: Mapping[str, int] = field(default_factory=dict[str, int])

    @cached_property
    def declared(self) -> Mapping[str, Tensor]:
        """What the file says of tensors of which every axis is known then."""
        found: dict[str, Tensor] = {}
        for info in self.infos:
            axes = declared_axes(info)
            sizes = [size_of(axis, self.dims) if isinstance(axis, str) else axis for axis in axes or ()]
            known = tuple(size for size in sizes if size is not None)
            if axes is not None and len(known) == len(axes):
                found[info.name] = Tensor(known, info.type.tensor_type.elem_type)
        return found

    def of(self, name: str, element: int) -> Tensor | None:
        """What is told of a tensor of an element type (0: unknown)."""
        declared = self.declared.get(name)
        kind = element or (declared.type if declared else 0) or onnx.TensorProto.FLOAT
        if name in self.said:
            return Tensor(self.said[name], kind)
        return declared and Tensor(declared.shape, kind)

    def check(self, name: str, shape: Shape | None) -> None:
        """Raises InputError where the user says another shape than inference finds."""
        said = self.said.get(name)
        if said is not None and shape is not None and said != shape:
            found = "x".join(map(str, shape)) or "a scalar"
            raise InputError(Problem(f"--shape {name}", f"the graph makes it {found}", "leave it out"))


def declarations(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    """What a graph says of the tensors that its nodes make."""
    yield from graph.output
    yield from graph.value_info


def declared_axes(info: onnx.ValueInfoProto) -> Axes | None:
    """The shape that a file gives a tensor; None without any."""
    kind = info.type.tensor_type
    return tuple(_axis(dim) for dim in kind.shape.dim) if kind.HasField("shape") else None


def symbols(infos: Iterable[onnx.ValueInfoProto]) -> frozenset[str]:
    """The named axes of some tensors, and the names in those that are expressions."""
    named = {axis for info in infos for axis in declared_axes(info) or () if isinstance(axis, str)}
    return frozenset(name for axis in named for name in (axis, *symbols_in(axis)))


def _axis(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value") and dim.dim_value >= 0:
        return dim.dim_value
    name = dim.dim_param  # protobuf gives bytes where it is no text
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name or None
