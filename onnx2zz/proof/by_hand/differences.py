"""What an aligned hand-written layer says otherwise than the model's: loops, operands, windows, padding."""

from collections.abc import Iterator

from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.ops.loops import FILTER_LOOPS
from onnx2zz.proof.binding import Difference
from onnx2zz.proof.by_hand.alignment import terms, walking


def differences(written: EntryLayer, model: EntryLayer) -> list[Difference]:
    """Every difference of substance between two layers of one vocabulary."""
    found = [*_sizes(written, model), *_operands(written, model)]
    if model.indices.get("W") and written.combine != model.combine:
        found.append(Difference("equation", f"I{model.combine}W", f"I{written.combine}W", "function"))
    found += [*_windows(written, model), *_padding(written, model)]
    # Any other difference changes extents, too; telling both would look like two faults.
    return found or list(_extents(written, model))


def _sizes(written: EntryLayer, model: EntryLayer) -> Iterator[Difference]:
    """Loops of other sizes; those of a filter together."""
    # A loop that one of the two lacks is a loop of 1 there: it may be left out.
    sizes = {loop: (model.loops.get(loop, 1), written.loops.get(loop, 1)) for loop in {**model.loops, **written.loops}}
    other = {loop: pair for loop, pair in sizes.items() if pair[0] != pair[1]}
    filters = [loop for loop in FILTER_LOOPS if loop in sizes]
    # A filter of 5x5 for 3x3 is one slip of the pen, and should be read as one.
    if other.keys() & set(filters):
        wanted, got = ("x".join(str(sizes[loop][side]) for loop in filters) for side in (0, 1))
        yield Difference(f"loops {', '.join(filters)}", wanted, got, f"filter {got} instead of {wanted}")
    for loop, (wanted, got) in other.items():
        if loop not in filters:
            yield Difference(f"loop {loop}", str(wanted), str(got), "size")


def _running(written: EntryLayer, model: EntryLayer) -> frozenset[str]:
    return frozenset(loop for layer in (written, model) for loop, size in layer.loops.items() if size > 1)


def _operands(written: EntryLayer, model: EntryLayer) -> Iterator[Difference]:
    """Operands that other loops move."""
    runs = _running(written, model)
    for operand in "OIW":
        if walking(written, operand) & runs != walking(model, operand) & runs:
            yield Difference(operand, _text(model, operand), _text(written, operand), "equation")


def _text(layer: EntryLayer, operand: str) -> str:
    return operand + "".join(f"[{index.lower()}]" for index in layer.indices.get(operand, ()))


def _windows(written: EntryLayer, model: EntryLayer) -> Iterator[Difference]:
    """Windows that pair other loops, or step otherwise."""
    runs = _running(written, model)
    for index in model.related:
        theirs = {loop: c for loop, c in terms(model, index).items() if loop in runs}
        mine = {loop: c for loop, c in _walked_with(written, theirs, index).items() if loop in runs}
        # A window of which nothing runs is none.
        if mine == theirs or not theirs:
            continue
        cause = "axes swapped" if mine.keys() != theirs.keys() else _step(mine, theirs, model)
        yield Difference(f"relation of {index}", _sum(theirs), _sum(mine), cause)


def _walked_with(written: EntryLayer, loops: dict[str, int], target: str) -> dict[str, int]:
    """The terms of the index that holds a window's loops in the hand-written layer."""
    every = dict.fromkeys(index for operand in "IWO" for index in written.indices.get(operand, ()))
    indices = [index for index in every if terms(written, index).keys() & loops.keys()]
    # Under the model's name where that exists: an index that shares one loop by accident is not the one to compare.
    return terms(written, target if target in indices or not indices else indices[0])


def _step(mine: dict[str, int], theirs: dict[str, int], model: EntryLayer) -> str:
    other = next(loop for loop in theirs if mine[loop] != theirs[loop])
    return "stride" if other in walking(model, "O") else "dilation"


def _sum(terms: dict[str, int]) -> str:
    return "+".join(f"{coefficient}*{loop.lower()}" for loop, coefficient in terms.items())


def _padding(written: EntryLayer, model: EntryLayer) -> Iterator[Difference]:
    wanted, got = ({index: pair for index, pair in one.padding.items() if any(pair)} for one in (model, written))
    if wanted == got:
        return
    cause = "padding" if got else "missing padding of a pool" if model.kind == "Pooling" else "missing padding"
    yield Difference("padding", _pairs(wanted), _pairs(got), cause)


def _pairs(padding: dict[str, tuple[int, int]]) -> str:
    return ", ".join(f"{index} [{begin}, {end}]" for index, (begin, end) in padding.items()) or "none"


def _extents(written: EntryLayer, model: EntryLayer) -> Iterator[Difference]:
    """Where all else agrees: other true extents."""
    for index in model.related:
        if index in written.related and written.extent(index) != model.extent(index):
            yield Difference(
                f"pr_loop_sizes of {index}", str(model.extent(index)), str(written.extent(index)), "padding"
            )
