"""The values of a model's inputs that a user brings, from a .npz file."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import helper

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.frontend.graph import Graph

BROKEN = (OSError, EOFError, ValueError, AttributeError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise on files that are none of theirs."""
WIDEST, HEADER = 16, 1 << 16
"""Bytes of an element, and of an array's header, at most."""


def read_inputs(path: Path, graph: Graph) -> dict[str, np.ndarray]:
    """The arrays of the file, by input. Raises InputError for names, shapes and types that are not the model's."""
    try:
        # A pickle runs whatever its author wrote into it.
        with np.load(path, allow_pickle=False) as arrays:
            raise_if_any(_too_large(path, arrays.zip, graph))
            given = {name: _array(arrays[name]) for name in arrays.files}
    except BROKEN as error:
        what = getattr(error, "strerror", None) or "is no .npz file of plain arrays"
        raise InputError(Problem(str(path), str(what), "write it with numpy.savez")) from None
    return check_inputs(str(path), given, graph)


def _array(value: np.ndarray | bytes) -> np.ndarray:
    """Numpy hands out the bytes of a member that is no array. Raises ValueError."""
    if isinstance(value, bytes):
        raise ValueError("no array")
    return value


def _too_large(path: Path, members: zipfile.ZipFile, graph: Graph) -> list[Problem]:
    """The arrays that would fill more memory than any input of the model."""
    # By what the archive says of itself, before anything is unpacked: a few kilobytes may stand for any amount of
    # zeros.
    most = max((graph.tensors[name].elements for name in graph.inputs), default=0) * WIDEST + HEADER
    large = (member for member in members.infolist() if member.file_size > most)
    return [Problem(f"{path}: {one.filename}", f"is larger than any input ({one.file_size:,} bytes)") for one in large]


def check_inputs(origin: str, given: Mapping[str, np.ndarray], graph: Graph) -> dict[str, np.ndarray]:
    """The arrays, if they are the model's inputs; `origin` says in errors where they come from. Raises InputError."""
    raise_if_any(problem for name, value in given.items() for problem in _problems(origin, name, value, graph))
    return dict(given)


def _problems(origin: str, name: str, value: np.ndarray, graph: Graph) -> list[Problem]:
    where = f"{origin}: {name}"
    if name not in graph.inputs:
        return [Problem(where, "the model has no such input", f"it has: {', '.join(graph.inputs)}")]
    shape, dtype = graph.shape(name), helper.tensor_dtype_to_np_dtype(graph.tensors[name].type)
    if value.shape != shape or value.dtype != dtype:
        has, wanted = (f"{t} {'x'.join(map(str, s))}" for t, s in ((value.dtype, value.shape), (dtype, shape)))
        return [Problem(where, f"is {has}", f"make it {wanted}, or bind the model's shape with --shape")]
    return []
