"""JSON laid out as `json.dumps(..., indent=N)` does it, in a fraction of the time.

Python's own encoder writes an indented document in Python, object by object, and a document of a thousand layers has a
million of these, most of them again and again: what several layers have in common is written once.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard

MOST_PARTS = 4096
"""Texts that are kept: most objects stand in a document once, and a large one would be kept twice."""
INFINITE = "Out of range float values are not JSON compliant"


class Writer:
    """Writes documents; `parts` holds the text of objects and lists by identity and depth, so none may change while it
    is at work, and none that is made on the way may be let go."""

    def __init__(self, indent: int, ensure_ascii: bool = True):
        self.step = " " * indent
        self.text = json.encoder.encode_basestring_ascii if ensure_ascii else json.encoder.encode_basestring
        self.parts: dict[tuple[int, int], str] = {}
        self.keys: dict[str, str] = {}

    def write(self, value: object, depth: int = 0) -> str:
        """The text of a value that begins `depth` steps in. Raises ValueError for NaN and infinities, TypeError for
        what JSON has no form for."""
        if isinstance(value, str):
            return self.text(value)
        # Before int, which True is to Python.
        if value is None or value is True or value is False:
            return "null" if value is None else "true" if value else "false"
        if isinstance(value, int):
            # Of the class itself: members of an IntEnum would be written by their name.
            return int.__repr__(value)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError(INFINITE)
            return float.__repr__(value)
        key = (id(value), depth)
        known = self.parts.get(key)
        if known is None:
            known = self._composed(value, depth)
            if len(self.parts) >= MOST_PARTS:
                self.parts.clear()
            self.parts[key] = known
        return known

    def _composed(self, value: object, depth: int) -> str:
        write, inner = self.write, depth + 1
        if _is_object(value):
            keys = self.keys
            members = [
                f"{keys.get(key) or self._named(key) if isinstance(key, str) else self._key(key)}: {write(one, inner)}"
                for key, one in value.items()
            ]
            return self._laid_out("{", members, "}", depth)
        if _is_list(value):
            return self._laid_out("[", [write(one, inner) for one in value], "]", depth)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    def _named(self, key: str) -> str:
        """The text of a member's name; the rows of a table have the same ones."""
        if len(self.keys) >= MOST_PARTS:
            self.keys.clear()
        return self.keys.setdefault(key, self.text(key))

    def _key(self, key: object) -> str:
        """The name of a member that is a number, True, False or None, which are written as texts."""
        return f'"{self.write(key)}"'

    def _laid_out(self, first: str, members: Sequence[str], last: str, depth: int) -> str:
        if not members:
            return first + last
        inside = self.step * (depth + 1)
        joined = f",\n{inside}".join(members)
        return f"{first}\n{inside}{joined}\n{self.step * depth}{last}"


def _is_object(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
