"""Fixes the shapes of the graph's inputs, from the file, `--shape` and `--dim`; else an error lists what to bind."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.sizes import Shape


@dataclass(frozen=True)
class Bindings:
    """What the user fixes: whole input shapes, named dims, and values that fill a whole input."""

    shapes: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    dims: Mapping[str, int] = field(default_factory=dict[str, int])
    values: Mapping[str, float] = field(default_factory=dict[str, float])


def bind_inputs(graph: onnx.GraphProto, bindings: Bindings) -> dict[str, Shape]:
    """The static shape of every tensor that a caller must feed (initializers listed as inputs left out).

    Raises InputError naming every input that stays open, with the options that would bind it, and every binding that
    names nothing or contradicts the file.
    """
    inputs = {name: info for name, info in real_inputs(graph).items() if is_tensor(info)}
    problems = _unknown_names(inputs, bindings)
    declared = {name: _declared(info) for name, info in inputs.items()}
    problems += _contradictions(graph.name, declared, bindings)
    dims = dict(bindings.dims) | _dims_of_shapes(declared, bindings.shapes)
    shapes = {name: _bound(dims, axes, bindings.shapes.get(name)) for name, axes in declared.items()}
    problems += [_open(name, declared[name], dims) for name, shape in shapes.items() if shape is None]
    if problems:
        raise InputError(problems)
    return {name: shape for name, shape in shapes.items() if shape is not None}


def real_inputs(graph: onnx.GraphProto) -> dict[str, onnx.ValueInfoProto]:
    """The inputs that a caller must feed: those without an initializer."""
    given = {tensor.name for tensor in graph.initializer}
    return {info.name: info for info in graph.input if info.name not in given}


def is_tensor(info: onnx.ValueInfoProto) -> bool:
    """Whether an input has a shape at all: sequences, optionals and maps have none."""
    return info.type.WhichOneof("value") in (None, "tensor_type")


def _declared(info: onnx.ValueInfoProto) -> tuple[int | str | None, ...] | None:
    """Each axis as a size, a dim's name, or None; None for an input without any shape."""
    kind = info.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return tuple(_axis(dim) for dim in kind.shape.dim)


def _axis(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value") and dim.dim_value >= 0:
        return dim.dim_value
    name = dim.dim_param  # protobuf gives bytes where it is no text
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name or None


def _unknown_names(inputs: Mapping[str, onnx.ValueInfoProto], bindings: Bindings) -> list[Problem]:
    dims = {a for info in inputs.values() for a in _declared(info) or () if isinstance(a, str)}
    wrong: list[tuple[str, str, Collection[str]]] = [
        ("--shape", n, inputs.keys()) for n in bindings.shapes if n not in inputs
    ]
    wrong += [("--value", n, inputs.keys()) for n in bindings.values if n not in inputs]
    wrong += [("--dim", n, dims) for n in bindings.dims if n not in dims]
    return [
        Problem(f"{option} {name}", "the model has no such name", _nearest(name, known))
        for option, name, known in wrong
    ]


def _nearest(name: str, known: Collection[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    return f"did you mean {close[0]}?" if close else f"it has: {', '.join(names) or 'none'}"


def _contradictions(
    where: str, declared: Mapping[str, tuple[int | str | None, ...] | None], bindings: Bindings
) -> list[Problem]:
    problems: list[Problem] = []
    for name, shape in bindings.shapes.items():
        axes = declared.get(name)
        if axes is None:
            continue
        fits = len(axes) == len(shape) and all(
            not isinstance(a, int) or a == s for a, s in zip(axes, shape, strict=True)
        )
        if not fits:
            text = "x".join("?" if a is None else str(a) for a in axes)
            problems.append(Problem(f"--shape {name}", f"the file says {text}", "keep the sizes that it fixes"))
    return problems


def _dims_of_shapes(
    declared: Mapping[str, tuple[int | str | None, ...] | None], shapes: Mapping[str, Shape]
) -> dict[str, int]:
    """Named dims that a given shape settles for all other inputs, too."""
    pairs = [(declared.get(name) or (), shape) for name, shape in shapes.items()]
    return {a: s for axes, shape in pairs for a, s in zip(axes, shape, strict=False) if isinstance(a, str)}


def _bound(dims: Mapping[str, int], axes: tuple[int | str | None, ...] | None, given: Shape | None) -> Shape | None:
    if given is not None:
        return given
    sizes = [dims.get(a) if isinstance(a, str) else a for a in axes] if axes is not None else [None]
    return None if any(s is None for s in sizes) else tuple(s for s in sizes if s is not None)


def _open(name: str, axes: tuple[int | str | None, ...] | None, dims: Mapping[str, int]) -> Problem:
    if axes is None:
        return Problem(f"input {name}", "the file gives no shape", f"add --shape {name}=1x3x224x224 (its true shape)")
    text = "x".join(str(dims.get(a, a)) if isinstance(a, str) else ("?" if a is None else str(a)) for a in axes)
    named = list(dict.fromkeys(a for a in axes if isinstance(a, str) and a not in dims))
    options = " ".join(f"--dim {a}=N" for a in named)
    if not named or None in axes:
        options = f"--shape {name}={text}, each letter and ? a number"
    return Problem(f"input {name}", f"its shape {text} is open", f"add {options}")
