"""What each operator makes of marks of experts (expert_marks.py): which outputs tell of which tokens, by operator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod

from onnx2zz.frontend.expert_marks import Choices, Known, Mark, Mask, Router
from onnx2zz.frontend.routing import Routing

Marks = Sequence[Mark | None]
Rule = Callable[[Routing, Known], Marks]


def _first(routing: Routing, known: Known) -> Mark | None:
    return routing.marks.get(known.node.input(0))


def _topk(routing: Routing, known: Known) -> Marks:
    """The positions along an axis of experts; of experts' numbers put in order the numbers, and no positions."""
    if isinstance(_first(routing, known), Choices):
        return (_first(routing, known), None)
    shape, result = known.shape(0), known.result()
    axis = known.node.integer("axis", -1)
    if not shape or result is None or result[axis] == shape[axis]:  # all of them are put in order, none is chosen
        return ()
    return (None, Choices(_router(known, shape[axis])))


def _argmax(routing: Routing, known: Known) -> Marks:
    shape = known.shape(0)
    return (Choices(_router(known, shape[known.node.integer("axis", 0)])),) if shape else ()


def _router(known: Known, experts: int) -> Router:
    node = known.node
    return Router(next(filter(None, node.outputs)), node.label, node.op, experts)


def _mixture(routing: Routing, known: Known) -> Marks:
    """An operator that holds router and experts: k choices a token among all experts."""
    scores = known.shape(1)
    if scores:
        routing.count(_router(known, scores[-1]), prod(scores[:-1]) * known.node.integer("k", 1))
    return ()


def _renamed(routing: Routing, known: Known) -> Marks:
    """The same elements in other places: of a mask the axis of experts must be found again."""
    mark = _first(routing, known)
    if not isinstance(mark, Mask) or mark.axis is None:
        return (mark,)
    return (_moved(mark, _axis_of_stride(known.shape(0), mark.axis, known.result() or ())),)


def _axis_of_stride(shape: tuple[int, ...], axis: int, wanted: tuple[int, ...]) -> int | None:
    """The axis as it is after a reshape: as long, and as many elements behind it."""
    inner = prod(shape[axis + 1 :])
    found = (n for n, size in enumerate(wanted) if size == shape[axis] and prod(wanted[n + 1 :]) == inner)
    return next(found, None)


def _moved(mask: Mask, axis: int | None) -> Mask | None:
    return None if axis is None else replace(mask, axis=axis)


def _transposed(routing: Routing, known: Known) -> Marks:
    mark = _first(routing, known)
    if not isinstance(mark, Mask) or mark.axis is None:
        return (mark,)
    order = known.node.integers("perm") or list(reversed(range(len(known.shape(0)))))
    return (replace(mark, axis=order.index(mark.axis)),)


def _equal(routing: Routing, known: Known) -> Marks:
    """Where an expert's number, or each of all, was chosen; of a mask, where it is not zero or where it is."""
    for index in (0, 1):
        mark, value = routing.marks.get(known.node.input(index)), known.value(known.node.input(1 - index))
        result = known.result()
        if isinstance(mark, Mask) and value is not None and value.size == 1:
            return (replace(mark, inverted=mark.inverted != (not value.ravel()[0])),)
        if isinstance(mark, Choices) and result is not None:
            return (_compared(routing, mark.router, known, 1 - index, result),)
    return ()


def _compared(routing: Routing, router: Router, known: Known, index: int, result: tuple[int, ...]) -> Mask | None:
    """Where the chosen numbers are what the input of that index has."""
    total, other, name = prod(result), known.shape(index), known.node.input(index)
    if prod(other) == 1:
        value = known.value(name)
        expert = routing.next_expert(router, name) if value is None else int(value.ravel()[0])
        return Mask(router, total, expert=expert) if 0 <= expert < router.experts else None
    axes = [len(result) - len(other) + n for n, size in enumerate(other) if size > 1]
    if len(axes) == 1 and result[axes[0]] == router.experts:
        return Mask(router, total // router.experts, axis=axes[0])
    return None


def _one_hot(routing: Routing, known: Known) -> Marks:
    mark, result = _first(routing, known), known.result()
    if not isinstance(mark, Choices) or result is None:
        return ()
    return (Mask(mark.router, prod(known.shape(0)), known.node.integer("axis", -1) % len(result)),)


def _joined(routing: Routing, known: Known) -> Marks:
    """Choices that were made one after the other, each among all experts: those of the first, and more a token."""
    marks = [routing.marks.get(name) for name in known.node.inputs]
    first = marks[0] if marks else None
    alike = isinstance(first, Choices) and all(
        isinstance(mark, Choices) and mark.router.experts == first.router.experts for mark in marks
    )
    return (first,) if alike else ()


def _scattered(routing: Routing, known: Known) -> Marks:
    """Something written, or counted, at the places of the chosen experts."""
    mark, result = routing.marks.get(known.node.input(1)), known.result()
    if not isinstance(mark, Choices) or not result:
        return ()
    axis = known.node.integer("axis", 0) % len(result)
    return (Mask(mark.router, prod(known.shape(1)), axis) if result[axis] == mark.router.experts else None,)


def _gathered(routing: Routing, known: Known) -> Marks:
    """One expert's part, or a part of the choices."""
    mark, result, shape = _first(routing, known), known.result(), known.shape(0)
    if not isinstance(mark, Mask) or result is None or not shape:
        return (mark,)
    axis, picked = known.node.integer("axis", 0) % len(shape), known.shape(1)
    if axis != mark.axis:
        moved = None if mark.axis is None else mark.axis + (len(picked) - 1 if axis < mark.axis else 0)
        return (_part(replace(mark, axis=moved), prod(shape), prod(result)),)
    if prod(picked) != 1:
        return ()
    value = known.value(known.node.input(1))
    expert = (
        routing.next_expert(mark.router, known.node.input(1))
        if value is None
        else int(value.ravel()[0]) % mark.router.experts
    )
    return (replace(mark, axis=None, expert=expert),)


def _part(mask: Mask, before: int, after: int) -> Mask:
    """The mask of a part of the choices, of as many places as it has of the elements."""
    return replace(mask, total=mask.total * after // before) if before else mask


def _sliced(routing: Routing, known: Known) -> Marks:
    mark, result, shape = _first(routing, known), known.result(), known.shape(0)
    if not isinstance(mark, Mask) or result is None:
        return (mark,)
    # A part of the tokens, and not of the experts: as many of the choices as of the elements.
    if mark.axis is None or result[mark.axis] == shape[mark.axis]:
        return (_part(mark, prod(shape), prod(result)),)
    if result[mark.axis] != 1:
        return ()
    starts = known.integers(1, "starts")
    axes = known.integers(3, "axes") or list(range(len(starts or ())))
    # Slice of opset 1 had attributes; axes left out are the first ones.
    start = dict(zip([axis % len(shape) for axis in axes], starts or (), strict=False)).get(mark.axis)
    # Where only a run knows the start, loops over experts still take one after the other.
    expert = routing.next_expert(mark.router, known.node.input(1)) if start is None else start % mark.router.experts
    return (replace(mark, axis=None, expert=expert),)


def _parts(routing: Routing, known: Known) -> Marks:
    """A Split: each output an expert's, or a part of the choices."""
    mark, shape = _first(routing, known), known.shape(0)
    results = [known.result(index) for index in range(len(known.node.outputs))]
    if not isinstance(mark, Mask):
        return [mark] * len(results)
    axis = known.node.integer("axis", 0) % len(shape)
    if axis != mark.axis:
        return [_part(mark, prod(shape), prod(result or ())) for result in results]
    alone = all(result is not None and result[axis] == 1 for result in results)
    return [replace(mark, axis=None, expert=expert) for expert in range(len(results))] if alone else ()


def _reduced(routing: Routing, known: Known) -> Marks:
    """Over what is not an axis of experts: an expert takes a token once, so that no two places come together."""
    mark, result, shape = _first(routing, known), known.result(), known.shape(0)
    axes = known.integers(1, "axes")
    if not isinstance(mark, Mask) or mark.inverted or result is None or axes is None:
        return ()
    # No axes: all of them, as ONNX has it.
    gone = {axis % len(shape) for axis in axes} or set(range(len(shape)))
    if mark.axis is None:
        return (mark,)
    # Over the experts of a token: where any of them is chosen is not zero.
    if mark.axis in gone:
        return (replace(mark, axis=None),)
    before = sum(axis < mark.axis for axis in gone)
    return (replace(mark, axis=mark.axis if known.node.integer("keepdims", 1) else mark.axis - before),)


def _kept(routing: Routing, known: Known) -> Marks:
    """A comparison with zero, a product, both of two: not zero where the mask is not."""
    marks = [(i, routing.marks.get(known.node.input(i))) for i in range(len(known.node.inputs))]
    index, mark = next(((i, m) for i, m in marks if isinstance(m, Mask) and not m.inverted), (0, None))
    result = known.result()
    if mark is None or result is None:
        return ()
    axis = None if mark.axis is None else mark.axis + len(result) - len(known.shape(index))
    return (_part(replace(mark, axis=axis), prod(known.shape(index)), prod(result)),)


def _not(routing: Routing, known: Known) -> Marks:
    mark = _first(routing, known)
    return (replace(mark, inverted=not mark.inverted),) if isinstance(mark, Mask) else ()


MIXTURES = ("com.microsoft.MoE", "com.microsoft.QMoE")
"""Operators that hold a router and its experts."""
CHOOSE = frozenset({"TopK", "ArgMax", *MIXTURES})
"""They begin something: none of their inputs need be marked."""
RULES: Mapping[str, Rule] = {
    "TopK": _topk,
    "ArgMax": _argmax,
    **dict.fromkeys(MIXTURES, _mixture),
    **dict.fromkeys(("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"), _renamed),
    "Transpose": _transposed,
    "Equal": _equal,
    "OneHot": _one_hot,
    "Concat": _joined,
    **dict.fromkeys(("ScatterElements", "Scatter"), _scattered),
    "Gather": _gathered,
    "Slice": _sliced,
    "Split": _parts,
    **dict.fromkeys(("ReduceSum", "ReduceMax"), _reduced),
    **dict.fromkeys(("Greater", "Less", "Mul", "And"), _kept),
    "Not": _not,
}


def follow(routing: Routing, known: Known) -> None:
    """Marks the outputs of a node whose inputs are marked, or which chooses experts."""
    rule = RULES.get(known.node.op)
    if rule is not None and (known.node.op in CHOOSE or not routing.marks.keys().isdisjoint(known.node.inputs)):
        for name, mark in zip(known.node.outputs, rule(routing, known), strict=False):
            if name and mark is not None and known.tensors[name].shape is not None:
                routing.marks[name] = mark
