"""A sweep's results as CSV and Parquet; each parameter of a template is a column of its own."""

import io
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from onnx2zz.files.written_file import write_whole_bytes

Row = Mapping[str, Any]


def spread(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows with `parameters` taken apart: numbers where all of a parameter's labels are numbers."""
    chosen = [json.loads(row["parameters"]) for row in rows]
    numeric = {name for name in dict.fromkeys(n for one in chosen for n in one) if _all_numbers(chosen, name)}
    return [_spread(row, one, numeric) for row, one in zip(rows, chosen, strict=True)]


def _spread(row: Row, chosen: Mapping[str, str], numeric: set[str]) -> dict[str, Any]:
    values = {name: _number(label) if name in numeric else label for name, label in chosen.items()}
    found: dict[str, Any] = {}
    for name, value in row.items():
        found |= values if name == "parameters" else {name: value}
    return found


def _all_numbers(chosen: Sequence[Mapping[str, str]], name: str) -> bool:
    return all(_number(one[name]) is not None for one in chosen if name in one)


def _number(label: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(label)
        except ValueError:
            continue
    return None


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a Parquet file, whole or not at all. Needs pyarrow; raises InputError on a full disk."""
    columns = dict.fromkeys(column for row in rows for column in row)
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    table = pyarrow.table({column: [row.get(column) for row in rows] for column in columns})
    written = io.BytesIO()
    parquet.write_table(table, written)
    write_whole_bytes(path, written.getvalue())
