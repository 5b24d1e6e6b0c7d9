"""Results that show themselves as a table: in a terminal, in a notebook, as a pandas DataFrame."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame
from onnx2zz.printable import printable

SHOWN = 20
"""Rows before a `repr` leaves out those in the middle."""
WIDEST = 60
"""Characters of a cell before a `repr` cuts it."""


@dataclass(frozen=True)
class Column:
    """A column: its head, and how its numbers are written (a format specification)."""

    name: str
    format: str = ""

    def cell(self, value: object) -> str:
        """The value as it is shown; None is empty."""
        if value is None:
            return ""
        return format(value, self.format) if isinstance(value, int | float) else str(value)


@dataclass(frozen=True)
class TextTable:
    """What is shown of a result: a sentence, rows of plain values, and a last row with what they come to, if they
    come to anything."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    total: tuple[object, ...] | None = None

    @property
    def cells(self) -> list[list[str]]:
        return [self._cells(row) for row in self.rows]

    @property
    def last(self) -> list[list[str]]:
        """The row of totals, if there is one."""
        return [] if self.total is None else [self._cells(self.total)]

    def _cells(self, row: Sequence[object]) -> list[str]:
        return [column.cell(value) for column, value in zip(self.columns, row, strict=True)]

    @property
    def is_number(self) -> list[bool]:
        """Which columns stand on the right."""
        return [bool(column.format) for column in self.columns]


class Tabular(ABC):
    """A result with a table."""

    @abstractmethod
    def table(self) -> TextTable:
        """What is shown of it."""

    def records(self) -> Sequence[Mapping[str, object]]:
        """The rows of `to_dataframe`."""
        names = [column.name for column in self.table().columns]
        return [dict(zip(names, row, strict=True)) for row in self.table().rows]

    def to_dataframe(self) -> "DataFrame":
        """The rows as a pandas DataFrame. Raises ImportError where pandas is missing."""
        return data_frame(self.records())

    def __repr__(self) -> str:
        return as_text(self.table())

    def _repr_html_(self) -> str:
        return as_html(self.table())


def data_frame(records: Sequence[Mapping[str, object]]) -> "DataFrame":
    """Rows as a pandas DataFrame. Raises ImportError, with the way out, where pandas is missing."""
    try:
        from pandas import DataFrame
    except ImportError as error:
        raise ImportError('to_dataframe needs pandas: pip install "onnx2zz[dataframe]"') from error
    return DataFrame(records)


def as_text(table: TextTable) -> str:
    """The table in columns, without the middle where it is long."""
    heads = [column.name for column in table.columns]
    rows = [*_ends(table.cells), *table.last]
    lines = _aligned([heads, *([_cut(cell) for cell in row] for row in rows)], table.is_number)
    return "\n".join([printable(table.caption), *(lines if table.rows else ())])


def as_html(table: TextTable) -> str:
    """The whole table as HTML, every text of it escaped."""
    # Only a notebook asks for it, and it brings the names of all characters along.
    from html import escape

    style = ['style="text-align:right"' if number else 'style="text-align:left"' for number in table.is_number]
    head = "".join(f"<th {how}>{escape(one.name)}</th>" for one, how in zip(table.columns, style, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td {how}>{escape(cell)}</td>" for cell, how in zip(row, style, strict=True)) + "</tr>"
        for row in [*table.cells, *table.last]
    )
    return f"<p>{escape(table.caption)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _ends(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= SHOWN:
        return rows
    half = SHOWN // 2
    return [*rows[:half], ["…"] * len(rows[0]), *rows[-half:]]


def _cut(cell: str) -> str:
    line = printable(" ".join(cell.split()))
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
