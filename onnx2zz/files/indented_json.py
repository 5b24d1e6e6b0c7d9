"""JSON laid out as `json.dumps(..., indent=N)` does it, in a fraction of the time.

Python's own encoder writes an indented document in Python, object by object, and a document of a thousand layers has a
million of these, most of them again and again: what several layers have in common is written once.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
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

    def write(self, value: object, depth: int = 0) -> str:
        """The text of a value that begins `depth` steps in. Raises ValueError for NaN and infinities, TypeError for
        what JSON has no form for."""
        if isinstance(value, str):
            return self.text(value)
        # Before int, which True is to Python.
        if isinstance(value, bool) or value is None:
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
        if _is_object(value):
            members = (f"{self._key(key)}: {self.write(inner, depth + 1)}" for key, inner in value.items())
            return self._laid_out("{", members, "}", depth)
        if _is_list(value):
            return self._laid_out("[", (self.write(inner, depth + 1) for inner in value), "]", depth)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    def _key(self, key: object) -> str:
        """A member's name; numbers, True, False and None are written as texts."""
        return self.text(key) if isinstance(key, str) else f'"{self.write(key)}"'

    def _laid_out(self, first: str, members: Iterable[str], last: str, depth: int) -> str:
        inside = self.step * (depth + 1)
        joined = f",\n{inside}".join(members)
        return f"{first}\n{inside}{joined}\n{self.step * depth}{last}" if joined else first + last


def _is_object(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
