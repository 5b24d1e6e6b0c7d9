"""Values of a Python file as plain figures, each with the sentence that is said where it is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from onnx2zz.conversion.python.statements import PythonFile
from onnx2zz.conversion.python.values import Built, Imported, Unknown, is_dict, items_of
from onnx2zz.errors import Problem


@dataclass
class Figures:
    """Asks for figures, and collects what is at fault: where something is, a stand-in is given and a problem kept."""

    file: PythonFile
    problems: list[Problem] = field(default_factory=list[Problem])
    notes: list[str] = field(default_factory=list[str])

    def fault(self, line: int, what: str, way_out: str = "") -> None:
        problem = self.file.problem(line, what, way_out)
        if problem not in self.problems:
            self.problems.append(problem)

    def line_of(self, value: object) -> int:
        """The line where a dictionary is written; the first of the file where nobody knows."""
        return self.file.reading.line_of(value, 1)

    def known(self, value: object, line: int, what: str) -> bool:
        """Whether a value could be followed; what could not is kept as a problem."""
        if isinstance(value, Unknown):
            self.fault(value.line, f"{what}: {value.why}")
        elif isinstance(value, Imported | Built):
            name = value.name if isinstance(value, Imported) else value.kind
            self.fault(line, f"{what}: `{name}` is not in this file", "write its definition into this file")
        else:
            return True
        return False

    def integer(self, value: object, line: int, what: str) -> int:
        """A whole number, also where a division made a float of it."""
        if not self.known(value, line, what):
            return 1
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value and value % 1 == 0:
            return int(value)
        self.fault(line, f"{what} is {_shown(value)}, and no whole number", "write a whole number")
        return 1

    def number(self, value: object, line: int, what: str) -> float:
        """A finite number."""
        if not self.known(value, line, what):
            return 1
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
            return value
        self.fault(line, f"{what} is {_shown(value)}, and no number", "write a number")
        return 1

    def text(self, value: object, line: int, what: str) -> str:
        if self.known(value, line, what):
            if isinstance(value, str):
                return value
            self.fault(line, f"{what} is {_shown(value)}, and no text", "write a text")
        return ""

    def texts(self, value: object, line: int, what: str) -> list[str]:
        """The texts in a list, tuple or set; one text stands for itself."""
        if not self.known(value, line, what):
            return []
        items = [value] if isinstance(value, str) else items_of(value)
        if items is None:
            self.fault(line, f"{what} is {_shown(value)}, and no list", "write a list")
        return [self.text(item, line, what) for item in items or ()]

    def entries(self, value: object, line: int, what: str) -> Mapping[str, object]:
        """A dictionary, its keys as texts."""
        if self.known(value, line, what):
            if is_dict(value):
                return dict(self._named(value, line, what))
            self.fault(line, f"{what} is {_shown(value)}, and no dictionary", "write a dictionary")
        return {}

    def _named(self, value: Mapping[object, object], line: int, what: str) -> Iterator[tuple[str, object]]:
        for key, inner in value.items():
            yield self.text(key, line, f"a key of {what}"), inner


def _shown(value: object) -> str:
    return f"{value!r:.40}" if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
