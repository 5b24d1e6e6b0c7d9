"""A figure that `.plot()` makes, and the file that it may be written to as well."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.errors import Problem, raise_if_any

if TYPE_CHECKING:
    from onnx2zz.report.shown_figure import ShownFigure

KINDS = (".svg", ".png", ".pdf")
"""What a figure can be written as, by the suffix of its file."""


def kind_problems(file: str | Path | None, said_as: str) -> Iterator[Problem]:
    """What is wrong with the name of a figure's file; None is none."""
    if file is not None and Path(file).suffix not in KINDS:
        yield Problem(f"{said_as} {file}", "no kind of figure", f"one of {', '.join(KINDS)} is needed")


def written(figure: "ShownFigure", file: str | Path | None) -> "ShownFigure":
    """The figure, after it was written to `file`, if that is given. Raises InputError where it cannot be."""
    raise_if_any(kind_problems(file, "file"))
    if file is not None:
        from onnx2zz.files.written_file import write_whole_bytes

        write_whole_bytes(Path(file), figure.image(Path(file).suffix.removeprefix(".")))
    return figure


def not_one_of(option: str, value: str, known: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with a word that is none of those that are known."""
    if value not in known:
        from onnx2zz.formats.spelling import did_you_mean

        yield Problem(f"{option}={value!r}", f"no such word{did_you_mean(value, known)}", f"one of {', '.join(known)}")
