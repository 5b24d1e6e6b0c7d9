"""Sizes and shapes as users give them, on the command line, in Python or in a sweep file."""

from operator import index
from typing import SupportsIndex, TypeAlias

from onnx2zz.files.document import is_array, is_tuple

Shape: TypeAlias = tuple[int, ...]


def as_size(given: object) -> int:
    """A size, a number of bits: a whole number, 0 or more. Raises ValueError for anything else."""
    if isinstance(given, bool) or not isinstance(given, SupportsIndex) or (size := index(given)) < 0:
        raise ValueError(f"{given!r} is no size")
    return size


def as_shape(given: object) -> Shape:
    """A shape, from a list or tuple of sizes. Raises ValueError for anything else."""
    if not is_array(given) and not is_tuple(given):
        raise ValueError(f"{given!r} is no list of sizes")
    return tuple(map(as_size, given))
