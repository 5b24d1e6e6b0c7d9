"""Which form a file has, and the documents of today that it holds."""

from collections.abc import Sequence
from pathlib import Path

from onnx2zz.conversion.converted import Converted
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any

FORMS = "a Python file of ZigZag's (.py), a topology of SCALE-Sim's (.csv), or a problem of Timeloop's (.yaml)"


def read_any(paths: Sequence[str]) -> tuple[Converted, ...]:
    """The documents in the files: each by its own, Timeloop's YAML together. Raises InputError with what is wrong in
    any of them."""
    found: list[Converted] = []
    problems: list[Problem] = []
    of_timeloop = [path for path in paths if Path(path).suffix in (".yaml", ".yml")]
    for path in paths:
        if path not in of_timeloop:
            with noted_in(problems):
                found += _read(path)
    if of_timeloop:
        from onnx2zz.conversion.timeloop.read import convert_timeloop

        with noted_in(problems):
            found += convert_timeloop(of_timeloop)
    raise_if_any(problems)
    return tuple(found)


def _read(path: str) -> tuple[Converted, ...]:
    if Path(path).suffix == ".py":
        from onnx2zz.conversion.python.read import convert_python

        return convert_python(path, text_of(path))
    if Path(path).suffix == ".csv":
        from onnx2zz.conversion.scale_sim import read_topology

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
