"""Rows as CSV, fit for a program and for a spreadsheet, which takes text that begins like a formula for one."""

import csv
import io
from collections.abc import Mapping, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet computes (OWASP, CSV injection)."""
QUOTING = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)


def csv_text(rows: Sequence[Mapping[str, object]]) -> str:
    """A header and a line for each row; what a row lacks is empty.

    Text like a formula, a column's name as well, is written after a `'`. A line end, a comma or a `"` in a text is
    quoted (RFC 4180).
    """
    columns = dict.fromkeys(column for row in rows for column in row)
    lines = [list(columns), *([row.get(column, "") for column in columns] for row in rows)]
    text = io.StringIO()
    where_needed, everywhere = (csv.writer(text, lineterminator="\n", quoting=how) for how in QUOTING)
    for line in lines:
        (everywhere if _has_return(line) else where_needed).writerow(map(_harmless, line))
    return text.getvalue()


def _has_return(line: Sequence[object]) -> bool:
    """Python's writer leaves a carriage return bare, which its reader and spreadsheets take for the end of a line."""
    return any(isinstance(value, str) and "\r" in value for value in line)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
