"""Which form a file has, and the documents of today that it holds."""

from collections.abc import Sequence
from pathlib import Path

from onnx2zz.convert.converted import Converted
from onnx2zz.errors import InputError, Problem

FORMS = "a Python file of ZigZag's (.py) or a topology of SCALE-Sim's (.csv)"


def read_any(paths: Sequence[str]) -> tuple[Converted, ...]:
    """The documents in the files, each file by its own. Raises InputError with what is wrong in any of them."""
    found: list[Converted] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found += _read(path)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return tuple(found)


def _read(path: str) -> tuple[Converted, ...]:
    if Path(path).suffix == ".py":
        from onnx2zz.convert.python.read import convert_python

        return convert_python(path, text_of(path))
    if Path(path).suffix == ".csv":
        from onnx2zz.convert.scale_sim import read_topology

        return (read_topology(path, text_of(path)),)
    raise InputError(Problem(path, "no form that can be converted", f"give {FORMS}"))


def text_of(path: str) -> str:
    """The text of a file. Raises InputError where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Problem(path, "not a text file", f"give {FORMS}")) from error
    except OSError as error:
        raise InputError(Problem(path, f"cannot be read ({error.strerror})", f"give {FORMS}")) from error
