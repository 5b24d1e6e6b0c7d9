"""ZigZag's names of loops, operands and array dims, lighter than it makes them.

Each is an object of its own with a SHA-512 of its name, and a copy of a mapping copies them all: of a layer that is
mapped a thousand times that is as much work as the mapping itself. The hash of a name is the same each time, and a name
that nothing can change may be its own copy.

Line numbers are those of zigzag-dse 3.9.1: utils.py:14-16 (the hash), datatypes.py:12-36 (names).
"""

from abc import ABCMeta
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TypeVar

Name = TypeVar("Name")
Hash = Callable[[object], int]


def lighten_hashes(utils: ModuleType) -> None:
    """zigzag.utils, with hashes of texts and classes that are found once."""
    found: Hash = vars(utils)["hash_sha512"]
    remembered = cache(found)

    def hash_sha512(data: object) -> int:
        """The same numbers as ZigZag's."""
        # Of other things equal ones may have different hashes, as 1 and 1.0 have.
        return remembered(data) if type(data) in (str, ABCMeta, type) else found(data)

    vars(utils)["hash_sha512"] = hash_sha512


def lighten_copies(datatypes: ModuleType) -> None:
    """zigzag.datatypes, with names that are their own deep copies."""

    def itself(name: Name, memo: object) -> Name:
        return name

    vars(datatypes)["OperandABC"].__deepcopy__ = itself
