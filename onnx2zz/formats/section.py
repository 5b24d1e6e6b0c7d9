"""One mapping of a file of ours, taken key by key. What is wrong is noted with its line, so that all of it is said."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from onnx2zz.errors import Problem
from onnx2zz.files.document import Data, Key, Value, texts
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_source import Mark, Path_, YamlSource

Word = TypeVar("Word", bound=str)
START = Mark(1, 1)


@dataclass(frozen=True)
class PlacedProblem(Problem):
    """A problem with its place in a file; `kind` tells apart what is wrong, where somebody asks for that."""

    file: str = ""
    mark: Mark = START
    kind: str = ""


def placed_problem(source: YamlSource, place: Path_, what: str, way_out: str = "", kind: str = "") -> PlacedProblem:
    """A problem at a path of keys and indices."""
    mark = source.at(*place)
    return PlacedProblem(f"{source.path}:{mark.line}", what, way_out, source.path, mark, kind)


@dataclass(frozen=True)
class Section:
    """The mapping at `place`, of which `known` are the keys; what is said about it goes to `problems`."""

    source: YamlSource
    place: Path_
    known: Sequence[str]
    problems: list[Problem] = field(default_factory=list[Problem])

    def __post_init__(self) -> None:
        if self._data is None:
            what = f"{self._where} is no mapping of keys to values"
            self.object_to((), what, f"write some of: {', '.join(self.known)}")
        # When the section is opened, so that an unknown key is told even where nobody comes to ask for anything.
        for key in self._data or ():
            if key not in self.known:
                what = f"{self._named(key)} is unknown{did_you_mean(str(key), self.known)}"
                self.object_to((key,), what, f"there are: {', '.join(self.known)}")

    @property
    def _data(self) -> Data | None:
        data = self.source.data
        for key in self.place:
            data = _below(data, key)
        return data if isinstance(data, Mapping) else None

    def __contains__(self, key: str) -> bool:
        return key in (self._data or {})

    def value(self, key: str) -> Value:
        """What stands under a key, unchecked; None where it is missing."""
        return (self._data or {}).get(key)

    def object_to(self, place: Path_, what: str, way_out: str = "", kind: str = "") -> None:
        """Note a problem at a place below this section."""
        self.problems.append(placed_problem(self.source, (*self.place, *place), what, way_out, kind))

    def number(self, key: str, above_zero: bool = False) -> float | None:
        """A finite number, not negative; None where the key is missing or its value is at fault."""
        if key not in self:
            return None
        value = (self._data or {})[key]
        # A text, a list and a negative number are one fault to the reader: something else is needed here. `yes` is a
        # bool in YAML, which Python takes for 1.
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
        # NaN fails both comparisons, and infinity the second one.
        if 0 <= number <= sys.float_info.max and not (above_zero and number == 0):
            return float(number)
        wanted = "a number above 0" if above_zero else "a number, 0 or more"
        self.object_to((key,), f"{self._named(key)} is {value!r}, and {wanted} is needed")
        return None

    def share(self, key: str, above_zero: bool = False) -> float | None:
        """A number from 0 to 1; None where the key is missing or its value is at fault."""
        number = self.number(key, above_zero)
        if number is not None and number > 1:
            self.object_to((key,), f"{self._named(key)} is {number:g}, and at most 1 is possible")
            return None
        return number

    def keys(self) -> tuple[str, ...]:
        """The names of its keys, in the order of the file."""
        return tuple(map(str, self._data or ()))

    def word(self, key: str, choices: Sequence[Word], of: str) -> Word | None:
        """One of `choices`; None where the key is missing or its value is none of them."""
        if key not in self:
            return None
        value = (self._data or {})[key]
        # The choice is given back and not the value, for its type: `value` is anything, and `choices` are literals.
        for choice in choices:
            if choice == value:
                return choice
        what = f"{self._named(key)} is {value!r}, which is no {of}{did_you_mean(str(value), choices)}"
        self.object_to((key,), what, f"there are: {', '.join(choices)}")
        return None

    def words(self, key: str, choices: Sequence[str], of: str) -> tuple[str, ...]:
        """A list of some of `choices`; what is none of them is left out and objected to."""
        value = (self._data or {}).get(key, [])
        if not isinstance(value, list):
            self.object_to((key,), f"{self._named(key)} is {value!r}, and a list is needed")
            return ()
        for word in (word for word in value if word not in choices):
            what = f"{self._named(key)} holds {word!r}, which is no {of}{did_you_mean(str(word), choices)}"
            self.object_to((key,), what, f"there are: {', '.join(choices)}")
        return tuple(word for word in value if isinstance(word, str) and word in choices)

    def pairs(self, key: str, choices: Sequence[str], of: str) -> Iterator[tuple[str, str]]:
        """A list of pairs of `choices`."""
        value = (self._data or {}).get(key, [])
        for pair in value if isinstance(value, list) else [value]:
            words = texts(pair)
            if isinstance(pair, list) and len(pair) == len(words) == 2 and set(words) <= set(choices):
                yield words[0], words[1]
            else:
                what = f"{self._named(key)} holds {pair!r}, which is no pair of {of}s"
                self.object_to((key,), what, f"there are: {', '.join(choices)}")

    def text(self, key: str) -> str:
        """A text for people; empty where there is none."""
        return str((self._data or {}).get(key) or "")

    def required(self, *keys: str) -> bool:
        """Whether all of `keys` are there."""
        missing = [key for key in keys if key not in self]
        # A section that is no mapping was objected to as such; that its keys are missing follows from it.
        if missing and self._data is not None:
            self.object_to((), f"{self._where} lacks {' and '.join(missing)}")
        return not missing

    def sections(self, key: str, known: Sequence[str]) -> Iterator[tuple[str, "Section"]]:
        """The mappings below `key`, each with its name."""
        inner = (self._data or {}).get(key)
        if inner is not None and not isinstance(inner, Mapping):
            self.object_to((key,), f"{self._named(key)} is no mapping of names to mappings")
        for name in inner if isinstance(inner, Mapping) else ():
            yield str(name), Section(self.source, (*self.place, key, name), known, self.problems)

    def section(self, key: str, known: Sequence[str]) -> "Section | None":
        """The mapping below `key`, None where the key is missing."""
        return Section(self.source, (*self.place, key), known, self.problems) if key in self else None

    @property
    def _where(self) -> str:
        return ".".join(map(str, self.place)) or "the file"

    def _named(self, key: object) -> str:
        return ".".join(map(str, (*self.place, key)))


def _below(data: Value, key: Key) -> Value:
    if isinstance(data, Mapping):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) else None
