"""A workload.yaml that is to be written in another tool's form: its layers, and what of them that form takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.formats.workload_entry import EntryLayer, read_layer
from onnx2zz.formats.yaml_source import read_yaml

Row = TypeVar("Row")


@dataclass(frozen=True)
class Workload:
    """The layers of a file, with the line of each."""

    path: str
    layers: tuple[EntryLayer, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Written:
    """A text in another tool's form. `notes` say what of the workload is not in it."""

    text: str
    notes: tuple[str, ...] = ()


def read_workload_file(path: str) -> Workload:
    """The layers of a workload file. Raises InputError for a file that is none, and for each entry that is none."""
    source = read_yaml(path)
    # A key that stands twice cannot be seen in the document any more.
    raise_if_any(Problem(f"{path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps if trap.fatal)
    if not isinstance(source.data, list) or not source.data:
        raise InputError(Problem(path, "no workload: a list of layers is needed", "give a workload.yaml"))
    read = [read_layer(number, entry) for number, entry in enumerate(source.data)]
    lines = tuple(source.at(number).line for number in range(len(read)))
    raise_if_any(
        Problem(f"{path}:{line}", "no layer that ZigZag reads", "`onnx2zz check` says what is wrong with it")
        for layer, line in zip(read, lines, strict=True)
        if layer is None
    )
    return Workload(path, tuple(layer for layer in read if layer is not None), lines)


def each_layer(
    workload: Workload, takes: Callable[[EntryLayer], bool], write: Callable[[EntryLayer], Sequence[Row]], form: str
) -> tuple[list[Row], tuple[str, ...]]:
    """What `write` makes of the layers that the form takes, and a note that names the others.

    Raises InputError with every layer that `write` raises ValueError for, and where no layer is left.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    left: list[str] = []
    for layer, line in zip(workload.layers, workload.lines, strict=True):
        if not takes(layer):
            left.append(layer.name)
            continue
        try:
            rows += write(layer)
        except ValueError as error:
            where = f"{workload.path}:{line}"
            problems.append(Problem(where, f"layer {layer.name}: {error}", f"leave it out: {form} cannot say it"))
    raise_if_any(problems)
    if not rows:
        raise InputError(Problem(workload.path, f"no layer that {form} takes", "give one with products"))
    some = ", ".join(left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
    return rows, (f"left out, since {form} has products alone: {some}",) if left else ()
