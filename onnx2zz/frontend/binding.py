"""Fixes the shapes of the graph's inputs, from the file, `--shape`, `--dim` and `--batch`; else an error lists what to
bind."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.data_sizes import Place
from onnx2zz.frontend.sizes import Shape
from onnx2zz.frontend.symbolic_size import size_of, symbols_in
from onnx2zz.frontend.told_shapes import Axes, declarations, declared_axes, symbols


@dataclass(frozen=True)
class Bindings:
    """What the user fixes: whole shapes (of inputs, and of tensors that no inference gives one), named dims, values
    that fill a whole input, and the first axis of every input that leaves it open.

    `op_like`: operators (domain included) that are taken as others. `dims_of`: sizes that data decides, by tensor and
    axis. `tokens_per_expert`: how many tokens each expert of a mixture gets, in place of an even split. `steps`: how
    many a Loop makes that only a run could count, by its name or its first output.
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    dims: Mapping[str, int] = field(default_factory=dict[str, int])
    values: Mapping[str, float] = field(default_factory=dict[str, float])
    batch: int | None = None
    op_like: Mapping[str, str] = field(default_factory=dict[str, str])
    dims_of: Mapping[Place, int] = field(default_factory=dict[Place, int])
    tokens_per_expert: int | None = None
    steps: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Bound:
    """`shapes`: of the inputs, where they have any. `dims`: the symbols that are bound."""

    shapes: Mapping[str, Shape]
    dims: Mapping[str, int]


def bind_inputs(graph: onnx.GraphProto, bindings: Bindings) -> Bound:
    """The static shape of every tensor that a caller must feed (initializers listed as inputs left out).

    Raises InputError naming every input that stays open, with the options that would bind it, and every binding that
    names nothing or contradicts the file.
    """
    inputs = {name: info for name, info in real_inputs(graph).items() if is_tensor(info)}
    problems = _unknown_names(graph, inputs, bindings)
    declared = {name: declared_axes(info) for name, info in inputs.items()}
    if bindings.batch is not None:
        declared, more = _with_batch(declared, bindings)
        problems += more
    problems += _contradictions(graph.name, declared, bindings)
    # A shape settles the symbols of its input for all others: --shape of one input is mostly enough.
    dims = dict(bindings.dims) | _dims_of_shapes(declared, bindings.shapes)
    shapes = {name: _bound(dims, axes, bindings.shapes.get(name)) for name, axes in declared.items()}
    # Beside misspelt options and not after them: an input is often open because its option was misspelt.
    problems += [_open(name, declared[name], dims) for name, shape in shapes.items() if shape is None]
    if problems:
        raise InputError(problems)
    return Bound({name: shape for name, shape in shapes.items() if shape is not None}, dims)


def _with_batch(
    declared: Mapping[str, Axes | None], bindings: Bindings
) -> tuple[dict[str, Axes | None], list[Problem]]:
    """The inputs with `--batch` in the place of a first axis that the file and `--dim` leave open, and of its symbol
    wherever that stands."""
    first = [axes[0] for axes in declared.values() if axes and not isinstance(axes[0], int)]
    opened = [axis for axis in first if axis not in bindings.dims]
    if not opened:
        what = "no input leaves its first axis open"
        return dict(declared), [Problem("--batch", what, "leave it out, or fix what is open with --shape and --dim")]
    return {name: axes and _batched(axes, opened, bindings.batch) for name, axes in declared.items()}, []


def _batched(axes: Axes, opened: Collection[int | str | None], batch: int | None) -> Axes:
    named = tuple(batch if isinstance(axis, str) and axis in opened else axis for axis in axes)
    return (batch, *named[1:]) if named[0] is None else named


def real_inputs(graph: onnx.GraphProto) -> dict[str, onnx.ValueInfoProto]:
    """The inputs that a caller must feed: those without an initializer."""
    given = {tensor.name for tensor in graph.initializer}
    return {info.name: info for info in graph.input if info.name not in given}


def is_tensor(info: onnx.ValueInfoProto) -> bool:
    """Whether an input has a shape at all: sequences, optionals and maps have none."""
    return info.type.WhichOneof("value") in (None, "tensor_type")


def _unknown_names(
    graph: onnx.GraphProto, inputs: Mapping[str, onnx.ValueInfoProto], bindings: Bindings
) -> list[Problem]:
    dims = symbols((*inputs.values(), *declarations(graph))) if bindings.dims else frozenset[str]()
    # Large models have many thousands of tensors: they are listed only where a name is no input.
    made = (
        {o for node in graph.node for o in node.output} if not inputs.keys() >= bindings.shapes.keys() else set[str]()
    )
    wrong: list[tuple[str, str, Collection[str]]] = [
        ("--shape", n, {*inputs, *made}) for n in bindings.shapes if n not in inputs and n not in made
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


def _contradictions(where: str, declared: Mapping[str, Axes | None], bindings: Bindings) -> list[Problem]:
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


def _dims_of_shapes(declared: Mapping[str, Axes | None], shapes: Mapping[str, Shape]) -> dict[str, int]:
    """Named dims that a given shape settles for all other inputs, too."""
    pairs = [(declared.get(name) or (), shape) for name, shape in shapes.items()]
    return {a: s for axes, shape in pairs for a, s in zip(axes, shape, strict=False) if isinstance(a, str)}


def _bound(dims: Mapping[str, int], axes: Axes | None, given: Shape | None) -> Shape | None:
    if given is not None:
        return given
    sizes = [size_of(a, dims) if isinstance(a, str) else a for a in axes] if axes is not None else [None]
    return None if any(s is None for s in sizes) else tuple(s for s in sizes if s is not None)


def _open(name: str, axes: Axes | None, dims: Mapping[str, int]) -> Problem:
    if axes is None:
        return Problem(f"input {name}", "the file gives no shape", f"add --shape {name}=1x3x224x224 (its true shape)")
    known = [size_of(a, dims) if isinstance(a, str) else a for a in axes]
    text = "x".join(str("?" if a is None else a if size is None else size) for a, size in zip(axes, known, strict=True))
    named = _open_symbols(axes, dims)
    options = " ".join(f"--dim {a}=N" for a in named)
    if not named and None not in axes:  # all are bound, and no size comes of them
        bound = ", ".join(f"{name}={size}" for name, size in dims.items())
        return Problem(f"input {name}", f"its shape {text} is no shape for {bound}", "bind other sizes with --dim")
    if not named or None in axes:
        options = f"--shape {name}={text}, each letter and ? a number"
    return Problem(f"input {name}", f"its shape {text} is open", f"add {options}")


def _open_symbols(axes: Axes, dims: Mapping[str, int]) -> list[str]:
    """The symbols to bind, in order of appearance."""
    open_axes = [axis for axis in axes if isinstance(axis, str) and size_of(axis, dims) is None]
    return [*dict.fromkeys(name for axis in open_axes for name in sorted(symbols_in(axis)) if name not in dims)]
