"""Figures that take long: kept as lines of JSON in docs/measured, from which tables in docs/ are made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "docs" / "measured"

Line = TypeVar("Line", bound=Mapping[str, object])


@dataclass(frozen=True)
class Measurements(Generic[Line]):
    """A file of lines that have the same fields, added to and never rewritten."""

    file: Path

    def lines(self) -> list[Line]:
        """Every line in the order of measuring; none where the file is not there yet."""
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.is_file() else []

    def know(self, case: Mapping[str, object]) -> bool:
        """Whether one of the lines is about the case."""
        return any(case.items() <= line.items() for line in self.lines())

    def keep(self, line: Line) -> None:
        """Add a line."""
        self.file.parent.mkdir(exist_ok=True)
        with self.file.open("a") as open_file:
            open_file.write(json.dumps(line) + "\n")
